import Purging
import SyncTokens
import Synchronization
import TestSupport
import Testing

@Suite("Law 1: a record is deleted only after its node confirmed it, or for a named reason that needs none")
struct ConfirmationLaw {
    @Test(
        "no answer but a confirmation deletes the record",
        arguments: [
            NodeAnswer.Verdict.writtenSince, .notFound, .refused(status: 403), .signatureRefused, .busy(status: 503),
            .trouble(status: 500), .decommissioned, .misrouted(status: 200, what: "proxy"), .timedOut,
            .unreachable(what: "reset", sent: true), .abandoned,
        ]
    )
    func otherAnswers(_ verdict: NodeAnswer.Verdict) throws {
        // Node 2 is well, so that the secret is known to be right.
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...4) { $0 % 2 + 1 })
        fixture.nodes.node(Node.url(2)) { _, _ in .init(verdict).deletingData() }
        try fixture.run()
        #expect(fixture.uids == [1, 3])
        #expect(!fixture.store.settlementsAsked.contains { [1, 3].contains($0.uid.rawValue) && $0.change == .delete })
    }

    @Test("every key of a record has to be confirmed")
    func everyKey() throws {
        let record = UserRecord.of("a", uid: 1, generation: 7, keysChangedAt: 0, replacedAt: 5)
        let active = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil)
        let fixture = RunFixture(nodes: 1, records: [record, active], policy: .byAccount)
        fixture.nodes.node(Node.url(1)) { request, _ in
            request.key.text.hasPrefix("0000000000000") ? .init(.refused(status: 400)) : .good
        }
        let summary = try fixture.run()
        #expect(fixture.nodes.exchanges.count == 2)
        #expect(fixture.uids == [1, 2])
        #expect(summary.dataDeleted == 0)
    }
}

@Suite("Law 3: what a decision rests on is at most 5 s old when a request is sent")
struct FreshnessLaw {
    @Test("a record that waited is read again, and left alone if its user is active again")
    func revivedRecord() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...12))
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(4)) }
        let summary = try fixture.run {
            await fixture.time.sleep(until: fixture.time.now + .seconds(1))
            fixture.store.update(12) { $0.replacedAt = nil }
        }
        #expect(!fixture.nodes.uidsAsked.contains(UID(12)))
        #expect(fixture.uids == [12])
        #expect(summary.changed == 1)
        #expect(fixture.oldestDecisionSent <= .seconds(5))
    }

    @Test("a node that goes down gets nothing more, once the nodes are read again")
    func nodeGoesDown() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...60))
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(2)) }
        try fixture.run {
            await fixture.time.sleep(until: fixture.time.now + .seconds(3))
            fixture.store.updateNode(1) { $0.node.isDowned = true }
        }
        let first = try #require(fixture.nodes.exchanges.first).sentAt
        let last = try #require(fixture.nodes.exchanges.last).sentAt
        #expect(last - first <= .seconds(8))
        #expect(!fixture.uids.isEmpty)
    }

    @Test("a new twin keeps the data, though the record waited for a retry")
    func twinDuringRetry() throws {
        let fixture = RunFixture(
            nodes: 1,
            records: [.of("a", uid: 1, replacedAt: 5), .of("a", uid: 2, clientState: "cc", replacedAt: nil)],
            policy: .byAccount
        )
        fixture.nodes.node(Node.url(1)) { _, attempt in
            attempt == 0 ? SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(10)) : .good
        }
        try fixture.run {
            await fixture.time.sleep(until: fixture.time.now + .seconds(3))
            fixture.store.insert(.of("a", uid: 3, replacedAt: nil))
        }
        #expect(fixture.nodes.exchanges.count == 1)
        #expect(fixture.uids == [2, 3])
    }

    @Test("a database that is slower than that ends the run, and nothing is sent", .timeLimit(.minutes(1)))
    func slowDatabase() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...5))
        fixture.store.beforeCall { [time = fixture.time] call in
            if case .count = call { return }
            await time.sleep(until: time.now + .seconds(3))
        }
        let summary = try fixture.run()
        #expect(summary.exitCode(isStrict: false) == 1)
        #expect(fixture.nodes.exchanges.isEmpty)
    }
}

@Suite("Law 4: what changed since it was decided on is left alone, and counted")
struct RecheckLaw {
    @Test("a record that changed while its request was in flight stays", arguments: [true, false])
    func changedInFlight(_ isRemoved: Bool) throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...1))
        fixture.nodes.onSend { _ in
            if isRemoved { fixture.store.remove(1) } else { fixture.store.update(1) { $0.nodeID = NodeID(2) } }
        }
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 0)
        #expect((summary.gone, summary.changed) == (isRemoved ? 1 : 0, isRemoved ? 0 : 1))
        #expect(fixture.store.nodeRows.first?.available == 100)
    }

    @Test("a nodeless record stays when its node's row comes back")
    func nodeComesBack() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...1) { _ in 9 })
        fixture.store.beforeCall { [store = fixture.store] call in
            if case .settle = call { store.put(.init(.live(9))) }
        }
        let summary = try fixture.run()
        #expect(fixture.uids == [1])
        #expect(summary.changed == 1)
    }

    @Test("a settlement names the node, and for a postponement the moment, that were decided on")
    func settlements() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...2) { $0 == 1 ? 1 : 9 })
        fixture.store.insert(.of("b", uid: 3, clientState: "no", replacedAt: 1234))
        try fixture.run()
        let expected = [
            Settlement(uid: UID(1), nodeID: NodeID(1), change: .delete),
            Settlement(uid: UID(2), nodeID: NodeID(9), change: .deleteNodeless),
            Settlement(uid: UID(3), nodeID: NodeID(1), change: .postpone(from: Milliseconds(1234))),
        ]
        #expect(fixture.store.settlementsAsked.sorted { $0.uid < $1.uid } == expected)
    }
}

@Suite("Law 7: a dry run covers the whole backlog, and changes nothing")
struct DryRunLaw {
    @Test("it counts what a purge then does", arguments: Seeds.some(30))
    func sameAsPurge(_ seed: UInt64) throws {
        let dry = RandomWorld(seed: seed, allowed: [.good])
        let rehearsal = try dry.fixture.dryRun()
        #expect(dry.fixture.store.settlementsAsked.isEmpty)
        #expect(dry.fixture.nodes.exchanges.isEmpty)
        #expect(dry.deletedUIDs.isEmpty)
        #expect(rehearsal.isDryRun && rehearsal.stopReason == .complete)
        let actions = dry.firstActions.filter { uid, action in
            guard let record = dry.before[uid] else { return false }
            return dry.fixture.options.scope(cutoff: rehearsal.cutoff).contains(record) && action != .wait(.nodeDown)
        }
        let holds = actions.values.count { if case .hold = $0 { true } else { false } }
        let failures = actions.values.count { if case .fail = $0 { true } else { false } }
        let waits = actions.values.count { $0 == .wait(.tombstoneLast) }
        #expect(rehearsal.read == actions.count)
        #expect(rehearsal.heldTotal == holds && rehearsal.failedTotal == failures)
        #expect(rehearsal.deletedTotal == actions.count - holds - failures - waits)
    }

    @Test("it stops after as many deletions of data as --max-records allows")
    func maxRecords() throws {
        var options = RunOptions()
        options.maxRecords = 3
        let summary = try RunFixture(nodes: 1, records: .obsolete(1...9), options: options).dryRun()
        #expect(summary.dataDeleted == 3)
        #expect(summary.stopReason == .maxRecords)
    }
}

@Suite("Law 8: killed at any instant, nothing is lost")
struct CrashLaw {
    @Test("a settlement that fails ends the run with an error, and the next run finishes", arguments: [1, 2, 5])
    func settleError(_ failing: Int) throws {
        var options = RunOptions()
        options.settler.batchSize = 5
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...40) { $0 % 2 + 1 }, options: options)
        let counter = CallCounter(failingAt: failing)
        fixture.store.beforeCall { call in
            if case .settle = call { try counter.call() }
        }
        let first = try fixture.run()
        #expect(first.stopReason == .storeFailed("lost"))
        #expect(first.exitCode(isStrict: false) == 1)
        #expect(first.deletedTotal == 40 - fixture.uids.count)
        #expect(!fixture.uids.isEmpty)
        let second = try fixture.run()
        #expect(second.stopReason == .complete)
        #expect(fixture.uids.isEmpty)
        #expect(first.deletedTotal + second.deletedTotal == 40)
        #expect(fixture.store.nodeRows.map(\.available) == [120, 120])
    }

    @Test("a batch that was written although its answer got lost frees its slots once")
    func lostAnswer() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...40))
        let counter = CallCounter(failingAt: 1)
        fixture.store.afterSettling { try counter.call() }
        let first = try fixture.run()
        #expect(first.stopReason == .storeFailed("lost"))
        try fixture.run()
        #expect(fixture.uids.isEmpty)
        #expect(fixture.store.nodeRows.map(\.available) == [140])
    }
}

/// Throws once, at a certain call.
final class CallCounter: Sendable {
    private let calls = Mutex(0)
    private let failing: Int

    init(failingAt failing: Int) { self.failing = failing }

    func call() throws {
        let number = calls.withLock { calls in
            calls += 1
            return calls
        }
        if number == failing { throw StoreError.failed("lost") }
    }
}

@Suite("Law 9: memory depends on the window, not on the backlog")
struct MemoryLaw {
    @Test("pages are read only as fast as records can go on, whatever is slow", arguments: ["node", "database"])
    func boundedReading(_ slow: String) throws {
        var options = RunOptions()
        options.dispatcher.window = 16
        options.settler.capacity = 10
        options.settler.batchSize = 5
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...600), options: options)
        if slow == "node" {
            fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(1)) }
        }
        let box = Peak()
        fixture.store.beforeCall { [time = fixture.time, store = fixture.store, observer = fixture.observer] call in
            if case .settle = call, slow == "database" { await time.sleep(until: time.now + .seconds(2)) }
            let read = observer.compact { if case .pageRead(let records) = $0 { records } else { nil } }.reduce(0, +)
            box.note(read - (600 - store.records.count))
        }
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 600)
        #expect(box.value < 120)
    }
}

final class Peak: Sendable {
    private let peak = Mutex(0)

    var value: Int { peak.withLock { $0 } }

    func note(_ value: Int) { peak.withLock { $0 = max($0, value) } }
}

@Suite("Law 11: e-mail addresses reach no text")
struct SecrecyLaw {
    @Test("neither a record, nor an entry, nor an action tells its user's address")
    func redaction() throws {
        let record = UserRecord.of("secret-person", uid: 1, replacedAt: 5)
        let entry = try #require(BacklogEntry(record: record, others: [record]))
        for text in ["\(record)", "\(entry)", String(reflecting: entry), String(describing: record.email)] {
            #expect(!text.contains("secret-person"))
        }
        var dumped = ""
        dump(entry, to: &dumped)
        #expect(!dumped.contains("secret-person"))
    }
}

@Suite("Law 12: every held record has a named reason and a way out")
struct WayOutLaw {
    @Test("each reason has one", arguments: HoldReason.allCases)
    func wayOut(_ reason: HoldReason) {
        #expect(reason.wayOut.contains("--") || reason.wayOut.contains("URL"))
        #expect(!reason.rawValue.isEmpty)
    }
}
