/// A record store whose backlog is a plan: only what the plan would change is in it, and only as the plan names it.
///
/// Each record is read anew. What isn't any more as the plan has it (gone, active, another node, replaced at another
/// time) is left out and counted.
package struct PlannedStore: RecordStore, BacklogView {
    /// Lines that a page examines at most.
    private static let mostExamined = 10_000

    private let store: any RecordStore
    private let plan: any PurgePlan

    package var whole: any BacklogSource { store }

    package init(_ store: any RecordStore, plan: any PurgePlan) {
        self.store = store
        self.plan = plan
    }

    package func page(_ query: BacklogQuery) async throws -> BacklogPage {
        var picked: [(position: Int64, record: PlannedRecord)] = []
        var position = query.cursor?.tiebreaker
        var examined = 0
        var isAtEnd = false
        reading: while picked.count < query.limit, examined < Self.mostExamined {
            let lines = try await plan.lines(after: position, limit: examined == 0 ? query.limit : 1000)
            if lines.isEmpty { isAtEnd = true }
            if isAtEnd { break }
            for line in lines where picked.count < query.limit {
                if let bound = query.bound, line.position > bound.tiebreaker {
                    isAtEnd = true
                    break reading
                }
                position = line.position
                examined += 1
                if line.record.isChange, query.nodes.contains(line.record.node) { picked.append(line) }
            }
        }
        let read = try await store.entries(picked.map(\.record.uid), scope: query.scope)
        let byUID = Dictionary(read.map { ($0.record.uid, $0) }, uniquingKeysWith: { first, _ in first })
        let missing = picked.map(\.record.uid).filter { byUID[$0] == nil }
        let standings = missing.isEmpty ? [:] : try await store.standings(missing)
        var entries: [BacklogEntry] = []
        var changed: [BacklogPage.Missing] = []
        for (position, planned) in picked {
            let (uid, key) = (planned.uid, Self.key(position))
            if let entry = byUID[uid], entry.record.nodeID == planned.node,
                entry.replacedAt == planned.replacedAt
            {
                entries.append(entry.planned(as: planned, at: key))
            } else {
                let isGone = byUID[uid] == nil && standings[uid] == nil
                changed.append(.init(uid: uid, node: planned.node, key: key, isGone: isGone))
            }
        }
        return BacklogPage(
            entries: entries,
            examinedUpTo: isAtEnd ? nil : position.map(Self.key),
            changed: changed
        )
    }

    private static func key(_ position: Int64) -> BacklogKey {
        BacklogKey(replacedAt: Timestamp(0), tiebreaker: position)
    }

    package func settle(_ batch: [Settlement], cutoff: Timestamp) async throws -> [SettlementResult] {
        try await store.settle(batch, cutoff: cutoff)
    }
}
