import Purging
import SyncTokens

/// Judges a run's audit log: what it says is what the nodes did (laws 1 and 8).
struct AuditJudge {
    let purger: HistoryPurger

    func judge() {
        let world = purger.world
        var open: Set<UID> = []
        var counts: [UID: (intents: Int, outcomes: [AuditOutcome])] = [:]
        for entry in purger.journal {
            switch entry {
            case .intended(let intent):
                if !open.insert(intent.uid).inserted { world.violated("uid \(intent.uid) was intended twice") }
                counts[intent.uid, default: (0, [])].intents += 1
            case .ended(let outcome):
                let uid = outcome.intent.uid
                if open.remove(uid) == nil { world.violated("uid \(uid) has an outcome without an intent") }
                counts[uid, default: (0, [])].outcomes.append(outcome)
            }
        }
        if !purger.isDead, !open.isEmpty { world.violated("uids \(open.sorted()) have no outcome in the audit log") }
        let done = purger.trace.deletions
        for (uid, count) in counts {
            let deletions = done.filter { $0.token.uid == uid.rawValue }
            for outcome in count.outcomes where outcome.data == .deleted {
                let here = deletions.filter { $0.token.url == outcome.intent.target }
                if Set(here.map(\.token.key)).count < outcome.intent.keys {
                    world.violated("uid \(uid): the audit log says deleted, but its node did not")
                }
            }
            let isKept = !open.contains(uid) && count.outcomes.allSatisfy { $0.data == .kept || $0.data == .notOwn }
            if isKept, !deletions.isEmpty {
                world.violated("uid \(uid): the audit log says kept, but its node deleted it")
            }
        }
        for deletion in done where counts[UID(deletion.token.uid)] == nil {
            world.violated("uid \(deletion.token.uid) was deleted without an intent")
        }
    }
}
