import Purging

/// Settles one batch in a session that has a writing transaction open.
///
/// Each record is locked and checked again, then deleted or postponed by primary key; then the slots of the deleted
/// ones are freed on their nodes, never out of 0…capacity.
///
/// Locks are taken in the order in which Tokenserver's own statements take them, so that neither ever waits for the
/// other in a circle: nodes before users, by ascending id, and, where indexes have locks of their own, a user's entry in
/// the index that Tokenserver comes by before the row.
struct BatchSettler {
    let session: any SQLSession
    let service: Int64
    /// Whether nodes count their free slots; with the one Spanner node they don't.
    let tracksSlots: Bool
    let cutoff: Milliseconds
    /// Whether an earlier try of the same batch may have been committed; what it would have done then counts as done.
    let isRepetition: Bool

    private struct Current {
        let node: NodeID
        let replacedAt: Milliseconds?
    }

    func settle(_ batch: [Settlement]) throws -> [SettlementResult] {
        if tracksSlots {
            try lockNodes(Set(batch.filter { $0.change == .delete }.map(\.nodeID)))
        }
        if session.dialect.locksIndexEntries {
            try lockIndexEntries(batch.map(\.uid))
        }
        let current = try currentRecords(batch.map(\.uid))
        let existing = try existingNodes(Set(batch.filter { $0.change == .deleteNodeless }.map(\.nodeID)))
        var deletions: [Settlement] = []
        var postponements: [Settlement] = []
        var seen: Set<UID> = []
        let results = batch.map { settlement -> SettlementResult in
            guard seen.insert(settlement.uid).inserted else { return .gone }
            guard let record = current[settlement.uid] else {
                if case .postpone = settlement.change { return .gone }
                return isRepetition ? .done : .gone
            }
            if isRepetition, case .postpone(let from) = settlement.change, record.node == settlement.nodeID,
                let replacedAt = record.replacedAt, replacedAt > from, replacedAt >= cutoff
            {
                return .done
            }
            guard record.node == settlement.nodeID, let replacedAt = record.replacedAt, replacedAt < cutoff else {
                return .changed
            }
            switch settlement.change {
            case .deleteNodeless where existing.contains(settlement.nodeID): return .changed
            case .delete, .deleteNodeless: deletions.append(settlement)
            case .postpone(let from) where from != replacedAt: return .changed
            case .postpone: postponements.append(settlement)
            }
            return .done
        }
        try delete(deletions.map(\.uid))
        try postpone(postponements.map(\.uid))
        if tracksSlots {
            try freeSlots(deletions.filter { $0.change == .delete }.map(\.nodeID))
        }
        return results
    }

    private func lockNodes(_ ids: Set<NodeID>) throws {
        if ids.isEmpty { return }
        _ = try session.query(
            """
            SELECT id FROM nodes WHERE id IN \(list: ids.map(\.rawValue).sorted()) \
            ORDER BY id\(sql: session.dialect.lockingClause)
            """
        )
    }

    /// Locks just the batch's own entries of the index by which Tokenserver comes, in the order of that index. Active
    /// records, and the other ones of the same users, are left alone.
    private func lockIndexEntries(_ uids: [UID]) throws {
        let rows = try session.query(
            """
            SELECT email, created_at, uid FROM users\(primary) \
            WHERE uid IN \(list: uids.map(\.rawValue).sorted()) AND service + 0 = \(service)
            """
        )
        if rows.isEmpty { return }
        var entries: SQLStatement = ""
        // Repeated up to a power of two, as lists are.
        var count = 1
        while count < rows.count { count *= 2 }
        for index in 0..<count {
            let row = rows[min(index, rows.count - 1)]
            let (email, createdAt, uid) = (try row.text(0), try row.integer(1), try row.integer(2))
            if index > 0 { entries += " OR " }
            entries += "(email = \(email) AND service = \(service) AND created_at = \(createdAt) AND uid = \(uid))"
        }
        _ = try session.query(
            """
            SELECT uid FROM users\(session.dialect.using(TokenserverSchema.lookupIndex)) WHERE \(entries) \
            ORDER BY email, created_at, uid\(sql: session.dialect.lockingClause)
            """
        )
    }

    private func currentRecords(_ uids: [UID]) throws -> [UID: Current] {
        let rows = try session.query(
            """
            SELECT uid, nodeid, replaced_at FROM users\(primary) \
            WHERE uid IN \(list: uids.map(\.rawValue).sorted()) AND service + 0 = \(service) \
            ORDER BY uid\(sql: session.dialect.lockingClause)
            """
        )
        var records: [UID: Current] = [:]
        for row in rows {
            let replacedAt = try row.optionalInteger(2).map { Milliseconds($0) }
            records[UID(try row.integer(0))] = Current(node: NodeID(try row.integer(1)), replacedAt: replacedAt)
        }
        return records
    }

    private func existingNodes(_ ids: Set<NodeID>) throws -> Set<NodeID> {
        if ids.isEmpty { return [] }
        let rows = try session.query("SELECT id FROM nodes WHERE id IN \(list: ids.map(\.rawValue).sorted())")
        return Set(try rows.map { NodeID(try $0.integer(0)) })
    }

    private func delete(_ uids: [UID]) throws {
        if uids.isEmpty { return }
        try check(try session.execute(Self.deletion(of: uids.map(\.rawValue).sorted(), session.dialect)), uids.count)
    }

    static func deletion(of uids: [Int64], _ dialect: Dialect) -> SQLStatement {
        // MySQL takes an index for a deletion only where it may be one from several tables.
        dialect.name == .mysql
            ? "DELETE u FROM users u\(dialect.using("PRIMARY")) WHERE u.uid IN \(list: uids)"
            : "DELETE FROM users WHERE uid IN \(list: uids)"
    }

    private var primary: SQLStatement { session.dialect.using("PRIMARY") }

    private func postpone(_ uids: [UID]) throws {
        if uids.isEmpty { return }
        let now = try session.query("SELECT \(sql: session.dialect.currentMilliseconds)").first?.integer(0) ?? 0
        let count = try session.execute(
            "UPDATE users\(primary) SET replaced_at = \(now) WHERE uid IN \(list: uids.map(\.rawValue).sorted())"
        )
        try check(count, uids.count)
    }

    private func freeSlots(_ nodes: [NodeID]) throws {
        // All nodes that give back as many in one statement; the nodes are locked already, so their order is free.
        let slots = Dictionary(nodes.map { ($0, 1) }, uniquingKeysWith: +)
        for (freed, nodes) in Dictionary(grouping: slots, by: \.value).sorted(by: { $0.key < $1.key }) {
            try session.execute(
                """
                UPDATE nodes SET \
                available = CASE WHEN available >= capacity THEN available \
                WHEN available + \(freed) > capacity THEN capacity ELSE available + \(freed) END, \
                current_load = CASE WHEN current_load > \(freed) THEN current_load - \(freed) ELSE 0 END \
                WHERE id IN \(list: nodes.map(\.key.rawValue).sorted())
                """
            )
        }
    }

    private func check(_ count: Int, _ expected: Int) throws {
        if count != expected {
            throw SQLError.failed("a statement changed \(count) rows instead of \(expected); the batch was rolled back")
        }
    }
}
