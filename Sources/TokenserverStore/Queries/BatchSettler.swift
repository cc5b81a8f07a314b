import Purging

/// Settles one batch in a session that has a writing transaction open.
///
/// Each record is locked and checked again, then deleted or postponed by primary key; then the slots of the deleted
/// ones are freed on their nodes, never out of 0…capacity.
///
/// Nobody is made to wait for somebody else's lock: a record that another transaction holds is left out, so that no lock
/// is held while waiting for one of a record. Where indexes have locks of their own, a user's entry in the index that
/// Tokenserver comes by is locked before the row, as Tokenserver's statements do. The nodes' rows, which every login
/// wants that allocates a user, are locked last, in the order of their ids, and just until the commit.
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
        let (current, locked) = try lock(batch.map(\.uid))
        let existing = try existingNodes(Set(batch.filter { $0.change == .deleteNodeless }.map(\.nodeID)))
        var deletions: [Settlement] = []
        var postponements: [Settlement] = []
        var seen: Set<UID> = []
        let results = batch.map { settlement -> SettlementResult in
            guard seen.insert(settlement.uid).inserted else { return .gone }
            if locked.contains(settlement.uid) { return .locked }
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

    /// The records as they are now, locked, and those that others hold.
    private func lock(_ uids: [UID]) throws -> (current: [UID: Current], locked: Set<UID>) {
        let uids = uids.map(\.rawValue).sorted()
        let current = try records(session.query(lockingStatement(uids)))
        let missing = uids.filter { current[UID($0)] == nil }
        if missing.isEmpty || session.dialect.skippingClause.isEmpty { return (current, []) }
        let held = try session.query(
            """
            SELECT u.uid FROM \(session.dialect.rows(of: "users", "u", key: "uid", missing)) \
            AND u.service + 0 = \(service)
            """
        )
        return (current, Set(try held.map { UID(try $0.integer(0)) }))
    }

    /// Where entries of indexes have locks of their own, the batch's entries of the index by which Tokenserver comes are
    /// locked in the order of that index, each before its row. Active records, and the other ones of the same users, are
    /// left alone: the inner SELECT, which a LIMIT keeps apart, locks nothing.
    private func lockingStatement(_ uids: [Int64]) -> SQLStatement {
        let rows = session.dialect.rows(of: "users", "p", key: "uid", uids)
        if session.dialect.locksIndexEntries {
            return """
                SELECT u.uid, u.nodeid, u.replaced_at FROM (\
                SELECT p.email, p.created_at, p.uid FROM \(rows) AND p.service + 0 = \(service) \
                ORDER BY p.email, p.created_at, p.uid LIMIT \(uids.count)\
                ) k STRAIGHT_JOIN users u\(session.dialect.using(TokenserverSchema.lookupIndex)) ON u.email = k.email \
                AND u.service = \(service) AND u.created_at = k.created_at AND u.uid = k.uid\
                \(sql: session.dialect.skippingClause)
                """
        }
        return """
            SELECT p.uid, p.nodeid, p.replaced_at FROM \(rows) AND p.service + 0 = \(service) \
            ORDER BY p.uid\(sql: session.dialect.skippingClause)
            """
    }

    /// Of uid, nodeid and replaced_at.
    private func records(_ rows: [SQLRow]) throws -> [UID: Current] {
        var records: [UID: Current] = [:]
        for row in rows {
            let replacedAt = try row.optionalInteger(2).map { Milliseconds($0) }
            records[UID(try row.integer(0))] = Current(node: NodeID(try row.integer(1)), replacedAt: replacedAt)
        }
        return records
    }

    private func existingNodes(_ ids: Set<NodeID>) throws -> Set<NodeID> {
        if ids.isEmpty { return [] }
        let rows = try session.query(
            "SELECT n.id FROM \(session.dialect.rows(of: "nodes", "n", key: "id", ids.map(\.rawValue).sorted()))"
        )
        return Set(try rows.map { NodeID(try $0.integer(0)) })
    }

    private func delete(_ uids: [UID]) throws {
        if uids.isEmpty { return }
        try check(try session.execute(Self.deletion(of: uids.map(\.rawValue).sorted(), session.dialect)), uids.count)
    }

    static func deletion(of uids: [Int64], _ dialect: Dialect) -> SQLStatement {
        dialect.name == .mysql
            ? "DELETE u FROM \(dialect.keyed("users", "u", key: "uid", uids))"
            : "DELETE FROM users WHERE uid IN \(list: uids)"
    }

    /// - Parameter changes: assignments to columns of the one table.
    static func update(_ table: String, key: String, _ values: [Int64], _ changes: SQLStatement, _ dialect: Dialect)
        -> SQLStatement
    {
        dialect.name == .mysql
            ? "UPDATE \(dialect.keyed(table, "t", key: key, values)) SET \(changes)"
            : "UPDATE \(sql: table) SET \(changes) WHERE \(sql: key) IN \(list: values)"
    }

    private func postpone(_ uids: [UID]) throws {
        if uids.isEmpty { return }
        let now = try session.query("SELECT \(sql: session.dialect.currentMilliseconds)").first?.integer(0) ?? 0
        let all = uids.map(\.rawValue).sorted()
        let count = try session.execute(
            Self.update("users", key: "uid", all, "replaced_at = \(now)", session.dialect)
        )
        try check(count, uids.count)
    }

    private func freeSlots(_ nodes: [NodeID]) throws {
        let slots = Dictionary(nodes.map { ($0, 1) }, uniquingKeysWith: +)
        if slots.count > 1, !session.dialect.lockingClause.isEmpty {
            let ids = slots.keys.map(\.rawValue).sorted()
            let rows: SQLStatement =
                session.dialect.name == .mysql
                ? session.dialect.keyed("nodes", "n", key: "id", ids)
                : session.dialect.rows(of: "nodes", "n", key: "id", ids)
            _ = try session.query(
                """
                SELECT n.id FROM \(rows) \
                ORDER BY n.id\(sql: session.dialect.lockingClause)
                """
            )
        }
        // All nodes that give back as many in one statement; several are locked already, so their order is free.
        for (freed, nodes) in Dictionary(grouping: slots, by: \.value).sorted(by: { $0.key < $1.key }) {
            let changes: SQLStatement = """
                available = CASE WHEN available >= capacity THEN available \
                WHEN available + \(freed) > capacity THEN capacity ELSE available + \(freed) END, \
                current_load = CASE WHEN current_load > \(freed) THEN current_load - \(freed) ELSE 0 END
                """
            try session.execute(
                Self.update("nodes", key: "id", nodes.map(\.key.rawValue).sorted(), changes, session.dialect)
            )
        }
    }

    private func check(_ count: Int, _ expected: Int) throws {
        if count != expected {
            throw SQLError.failed("a statement changed \(count) rows instead of \(expected); the batch was rolled back")
        }
    }
}
