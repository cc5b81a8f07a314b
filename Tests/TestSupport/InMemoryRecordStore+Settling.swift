package import Purging
import Synchronization

extension InMemoryRecordStore {
    package func settle(_ batch: [Settlement], cutoff: Timestamp) async throws -> [SettlementResult] {
        try await note(.settle(batch))
        let (now, tracksSlots) = (databaseTime, tracksSlots)
        let stale = Set(batch.filter { $0.isStale(at: time.now) }.map(\.uid))
        let results = tables.withLock { tables in
            tables.settle(batch, cutoff: cutoff, now: now, tracksSlots: tracksSlots, stale: stale)
        }
        try noteSettled()
        return results
    }
}

extension InMemoryRecordStore.Tables {
    fileprivate mutating func settle(
        _ batch: [Settlement],
        cutoff: Timestamp,
        now: Timestamp,
        tracksSlots: Bool,
        stale: Set<UID>
    ) -> [SettlementResult] {
        let before = users
        var seen: Set<UID> = []
        var freed: [NodeID: Int] = [:]
        let results = batch.map { settlement -> SettlementResult in
            if stale.contains(settlement.uid) { return .stale }
            guard var row = before[settlement.uid], row.isOfService, seen.insert(settlement.uid).inserted else {
                return .gone
            }
            guard row.record.nodeID == settlement.nodeID, let replacedAt = row.record.replacedAt, replacedAt < cutoff
            else { return .changed }
            switch settlement.change {
            case .delete:
                freed[settlement.nodeID, default: 0] += 1
                remove(settlement.uid)
            case .deleteNodeless:
                if nodes[settlement.nodeID] != nil { return .changed }
                remove(settlement.uid)
            case .postpone(let from):
                if from != replacedAt { return .changed }
                row.record.replacedAt = now.advanced(by: .milliseconds(settlement.uid.rawValue % 100))
                put(row)
            }
            return .done
        }
        if tracksSlots {
            for (node, count) in freed {
                nodes[node]?.freeSlots(count)
            }
        }
        return results
    }
}

extension InMemoryRecordStore.NodeRow {
    /// Never out of 0…capacity; what is beyond the capacity already stays so.
    fileprivate mutating func freeSlots(_ count: Int) {
        available = max(available, min(available + count, capacity))
        currentLoad = max(currentLoad - count, 0)
    }
}
