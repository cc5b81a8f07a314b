import Purging
import SyncTokens
import TestSupport
import Testing

extension RandomWorld {
    var deletedUIDs: Set<UID> { Set(before.keys).subtracting(fixture.store.records.map(\.uid)) }

    /// What holds after one run in which nobody else touched the database.
    func check(_ summary: RunSummary) {
        checkDeletions(summary)
        checkActiveData()
        checkSlots()
        checkCounts(summary)
        checkRepetition()
        #expect(fixture.oldestDecisionSent <= .seconds(5))
        if summary.stopReason.coversAll {
            checkCompleteness(summary)
        }
    }

    /// Law 1.
    private func checkDeletions(_ summary: RunSummary) {
        let confirmed = Dictionary(
            grouping: fixture.nodes.exchanges.filter { if case .confirmed = $0.verdict { true } else { false } },
            by: \.request.uid
        )
        let settled = Dictionary(
            fixture.store.settlementsAsked.map { ($0.uid, $0.change) },
            uniquingKeysWith: { _, last in last }
        )
        for uid in deletedUIDs {
            let keys = Set((confirmed[uid] ?? []).map(\.request.key))
            switch firstActions[uid] {
            case .purge(let deletion): #expect(keys.isSuperset(of: deletion.keys.map(\.id)), "uid \(uid)")
            case .deleteRecord(.nodeless): #expect(settled[uid] == .deleteNodeless, "uid \(uid)")
            case .deleteRecord: break
            case .hold, .fail, .wait(.nodeDown), nil: Issue.record("uid \(uid) should have stayed")
            case .wait(.tombstoneLast): #expect(!keys.isEmpty || settled[uid] == .deleteNodeless, "uid \(uid)")
            }
        }
        if summary.stopReason == .secretRefused {
            #expect(deletedUIDs.isEmpty)
            #expect(fixture.store.settlementsAsked.isEmpty)
        }
    }

    /// Law 2, by what the nodes did.
    private func checkActiveData() {
        let active = before.values.filter(\.isActive)
        for exchange in fixture.nodes.exchanges where exchange.deletedData {
            let request = exchange.request
            #expect(before[request.uid]?.isActive == false)
            let node = tempers.keys.first { Node.url($0.rawValue) == request.target.text }
            guard let node, keyings[node] == .account else { continue }
            let victims = active.filter {
                keyings[$0.nodeID] == .account && $0.email.fxaUID == request.fxaUID
                    && ($0.keys ?? []).contains(request.key)
            }
            #expect(victims.isEmpty, "the data of \(victims) was deleted for uid \(request.uid)")
        }
    }

    /// Law 5.
    private func checkSlots() {
        for (old, new) in zip(nodesBefore, fixture.store.nodeRows) {
            let freed = deletedUIDs.count { before[$0]?.nodeID == old.node.id }
            #expect(new.available == min(old.available + freed, old.capacity))
            #expect(new.currentLoad == max(old.currentLoad - freed, 0))
        }
    }

    /// Law 10.
    private func checkCounts(_ summary: RunSummary) {
        let observer = fixture.observer
        let remaining = Dictionary(
            fixture.store.records.map { ($0.uid, $0.replacedAt) },
            uniquingKeysWith: { first, _ in first }
        )
        let moved = remaining.count { before[$0.key]?.replacedAt != $0.value }
        #expect(summary.deletedTotal == deletedUIDs.count)
        #expect(Set(observer.deleted) == deletedUIDs)
        #expect(observer.deleted.count == deletedUIDs.count)
        #expect(summary.heldTotal == observer.held.count)
        #expect(summary.failedTotal == observer.failed.count)
        #expect(summary.dataDeleted == observer.confirmed.count)
        #expect(summary.deferred == moved)
        #expect(summary.requests == fixture.nodes.exchanges.count)
        #expect(summary.changed == 0 && summary.gone == 0)
        if summary.stopReason.coversAll {
            let deferrable = summary.failedTotal - (summary.failed[.malformed] ?? 0)
            #expect(deferrable == moved || fixture.options.onFailure == .leave)
            let accounted =
                summary.deletedTotal + summary.failedTotal + summary.heldTotal + summary.skipped
                + summary.waiting.values.reduce(0, +)
            #expect(summary.read == accounted)
        }
    }

    /// Nothing is tried again in the same run after it failed or was held.
    private func checkRepetition() {
        let observer = fixture.observer
        let ends = observer.deleted + observer.held + observer.failed
        let repeated = Dictionary(grouping: ends) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
        #expect(repeated.isEmpty)
        for (uid, exchanges) in Dictionary(grouping: fixture.nodes.exchanges, by: \.request.uid) {
            // Once more for all keys, should the condition have changed when a sibling went.
            let most = fixture.options.dispatcher.retry.maxAttempts * 2
            for (key, tries) in Dictionary(grouping: exchanges, by: \.request.key) {
                #expect(tries.count <= most, "uid \(uid) under \(key)")
            }
            for (earlier, later) in zip(exchanges, exchanges.dropFirst()) {
                #expect(earlier.answeredAt.map { $0 <= later.sentAt } ?? false, "uid \(uid) was in flight twice")
            }
            let finals = exchanges.dropLast().map(\.verdict)
            #expect(
                !finals.contains(.writtenSince(lastModified: nil)) && !finals.contains(.notFound),
                "uid \(uid) was asked again"
            )
        }
    }

    /// What a complete run leaves has a reason.
    private func checkCompleteness(_ summary: RunSummary) {
        let done = Set(fixture.observer.held + fixture.observer.failed)
        let scope = fixture.options.scope(cutoff: summary.cutoff)
        let actions = fixture.actions()
        for record in fixture.store.records where scope.contains(record) && !done.contains(record.uid) {
            if firstActions[record.uid] == .wait(.tombstoneLast) { continue }
            switch actions[record.uid] {
            case .purge:
                let temper = tempers[record.nodeID]
                #expect(temper?.isReliable == false, "uid \(record.uid) was left though its node is well")
            case .deleteRecord, .fail:
                let isExcused = tempers[record.nodeID].map { !$0.isReliable } ?? false
                // Nothing is written while no node has accepted the secret.
                #expect(
                    isExcused || (summary.dataDeleted == 0 && summary.requests > 0),
                    "uid \(record.uid) was left though nothing is needed of its node"
                )
            case .hold, .wait, nil:
                break
            }
        }
    }
}
