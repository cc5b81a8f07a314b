import Purging
import SyncTokens
import Synchronization
import TestSupport

/// What must hold at every moment of a history.
extension HistoryWorld {
    /// Law 2, with the five seconds of law 3; and no request without its intent in the audit log.
    func checkSending(_ request: DeleteRequest, purgesUnassigned: Bool, journal: [AuditEntry]) {
        let (uid, user) = (request.uid, request.fxaUID)
        let isIntended = journal.contains { entry in
            if case .intended(let intent) = entry {
                intent.uid == uid && intent.target == request.target.text
            } else {
                false
            }
        }
        if !isIntended { violated("uid \(uid) was sent without an intent") }
        let wasJustPostponed = state.withLock { state in
            state.postponedAt[uid].map { time.now - $0 <= .seconds(5) } ?? false
        }
        if let replacedAt = store.record(uid.rawValue)?.replacedAt, !wasJustPostponed,
            time.wallTime.since(replacedAt) < Self.gracePeriod
        {
            violated("uid \(uid) was sent within its grace period")
        }
        let records = records(ofUser: user)
        func isLongActive(_ record: UserRecord) -> Bool {
            record.isActive && state.withLock { time.now - ($0.activeSince[record.uid] ?? time.now) } > .seconds(5)
        }
        for active in records where isLongActive(active) {
            if active.uid == uid { violated("the data of active uid \(uid) was to be deleted") }
            if place(of: active) == place(of: request) {
                violated("the data of active uid \(active.uid) was to be deleted for uid \(uid)")
            }
        }
        guard case .account = place(of: request), !purgesUnassigned else { return }
        let wasJustActive = state.withLock { state in
            state.unassignedAt[user].map { time.now - $0 <= .seconds(5) } ?? false
        }
        if isDeleted(user) || wasJustActive || records.contains(where: \.isActive) { return }
        if state.withLock({ $0.clients[user]?.key }) == request.key.text {
            violated("data that the next login of \(user) revives was to be deleted for uid \(uid)")
        }
    }

    private func place(of request: DeleteRequest) -> HistoryStorage.Place {
        storage.place(
            node: request.target.text,
            uid: request.uid,
            fxaUID: request.fxaUID,
            key: request.key.text
        )
    }

    /// A record just before it is settled.
    struct Snapshot {
        let record: UserRecord
        let isNodeThere: Bool
    }

    func snapshot(_ uids: [UID]) -> [Snapshot] {
        let nodes = Set(store.nodeRows.map(\.node.id))
        return uids.compactMap { store.record($0.rawValue) }.map {
            Snapshot(record: $0, isNodeThere: nodes.contains($0.nodeID))
        }
    }

    /// Law 1: no record disappears whose data is still stored, unless another record names the same data.
    func checkDisappeared(_ before: [Snapshot], by purger: HistoryPurger) {
        for known in before {
            let record = known.record
            if let now = store.record(record.uid.rawValue) {
                if now.replacedAt != record.replacedAt { state.withLock { $0.postponedAt[record.uid] = time.now } }
                continue
            }
            if record.isActive { violated("active uid \(record.uid) was deleted") }
            if !known.isNodeThere || !storage.holds(place(of: record)) { continue }
            // An active record's, or one's that was active when this was decided, which goes with that record's own turn.
            let heirs = records(ofUser: record.email.fxaUID).filter { place(of: $0) == place(of: record) }
            if heirs.isEmpty { violated("uid \(record.uid) disappeared, but its data is still stored") }
        }
        for row in store.nodeRows where row.available > row.capacity || row.currentLoad < 0 {
            violated("node \(row.node.id) has slots out of range")
        }
    }

    /// What the audit log says is what the nodes did.
    func checkJournal(of purger: HistoryPurger, since first: Int, wasKilled: Bool) {
        let done = storage.deletions.dropFirst(first).filter { $0.purger == purger.number }
        var open: Set<UID> = []
        var counts: [UID: (intents: Int, outcomes: [AuditOutcome])] = [:]
        for entry in purger.journal {
            switch entry {
            case .intended(let intent):
                if !open.insert(intent.uid).inserted { violated("uid \(intent.uid) was intended twice") }
                counts[intent.uid, default: (0, [])].intents += 1
            case .ended(let outcome):
                let uid = outcome.intent.uid
                if open.remove(uid) == nil { violated("uid \(uid) has an outcome without an intent") }
                counts[uid, default: (0, [])].outcomes.append(outcome)
            }
        }
        if !wasKilled, !open.isEmpty { violated("uids \(open.sorted()) have no outcome") }
        for (uid, count) in counts {
            let deletions = done.filter { $0.uid == uid }
            for outcome in count.outcomes where outcome.data == .deleted {
                let here = deletions.filter { $0.target == outcome.intent.target }
                if Set(here.map(\.key)).count < outcome.intent.keys {
                    violated("uid \(uid): the audit log says deleted, but its node did not")
                }
            }
            let isKept =
                !open.contains(uid) && count.outcomes.allSatisfy { [.kept, .notOwn, .unaddressable].contains($0.data) }
            if isKept, !deletions.isEmpty {
                violated("uid \(uid): the audit log says kept, but its node deleted it")
            }
        }
        for deletion in done where counts[deletion.uid] == nil {
            violated("uid \(deletion.uid) was deleted without an intent")
        }
    }
}
