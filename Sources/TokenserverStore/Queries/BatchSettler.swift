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
    let cutoff: Timestamp
    /// Whether an earlier try of the same batch may have been committed; what it would have done then counts as done.
    let isRepetition: Bool

    private struct Current {
        let node: NodeID
        let replacedAt: Timestamp?
    }

    func settle(_ batch: [Settlement]) throws -> [SettlementResult] {
        let (current, locked) = try lock(batch)
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
    private func lock(_ batch: [Settlement]) throws -> (current: [UID: Current], locked: Set<UID>) {
        let batch = batch.sorted { $0.uid < $1.uid }
        let current = try records(session.query(lockingStatement(batch)))
        let missing = batch.map(\.uid.rawValue).filter { current[UID($0)] == nil }
        if missing.isEmpty || session.dialect.skippingClause.isEmpty { return (current, []) }
        let held = try session.query(
            """
            SELECT u.uid FROM \(session.dialect.rows(of: "users", "u", key: "uid", missing)) \
            AND u.service + 0 = \(service)
            """
        )
        return (current, Set(try held.map { UID(try $0.integer(0)) }))
    }

    /// Where entries of indexes have locks of their own, a record is found by the whole of its entry in the index by which
    /// Tokenserver comes, which is so locked before the row, and no entry beside it.
    private func lockingStatement(_ batch: [Settlement]) -> SQLStatement {
        let (dialect, skipping) = (session.dialect, session.dialect.skippingClause)
        if !dialect.locksIndexEntries {
            let rows = dialect.rows(of: "users", "u", key: "uid", batch.map(\.uid.rawValue))
            return """
                SELECT u.uid, u.nodeid, u.replaced_at FROM \(rows) AND u.service + 0 = \(service) \
                ORDER BY u.uid\(sql: skipping)
                """
        }
        var entries: SQLStatement = ""
        // Repeated up to a power of two, as lists are. Each row is compared with all of them: with its number first, as that
        // is quick. (As a list of rows, MariaDB finds none of them where the e-mails are of another character set.)
        for number in 0..<SQLStatement.Interpolation.padded(batch.count) {
            let record = batch[min(number, batch.count - 1)]
            entries += """
                \(sql: number > 0 ? " OR " : "")(u.uid = \(record.uid.rawValue) AND u.created_at = \(record.createdAt.rawValue) \
                AND u.service = \(service) AND u.email = \(record.email.unredacted))
                """
        }
        return """
            \(sql: Dialect.start("SELECT", [Dialect.noDives])) u.uid, u.nodeid, u.replaced_at \
            FROM users u\(dialect.using(TokenserverSchema.lookupIndex)) WHERE \(entries)\(sql: skipping)
            """
    }

    /// Of uid, nodeid and replaced_at.
    private func records(_ rows: [SQLRow]) throws -> [UID: Current] {
        var records: [UID: Current] = [:]
        for row in rows {
            let replacedAt = try row.optionalInteger(2).map { Timestamp($0) }
            records[UID(try row.integer(0))] = Current(
                node: row.integerIfAny(1).map { NodeID($0) } ?? .none,
                replacedAt: replacedAt
            )
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
        let deletion = session.dialect.deletion(from: "users", key: "uid", uids.map(\.rawValue).sorted())
        try check(try session.execute(deletion), uids.count)
    }

    /// To now, and some to a moment later: what shares one moment looks like a node that was unassigned at a stroke.
    private func postpone(_ uids: [UID]) throws {
        if uids.isEmpty { return }
        let now = try session.query("SELECT \(sql: session.dialect.currentMilliseconds)").first?.integer(0) ?? 0
        let all = uids.map(\.rawValue).sorted()
        let count = try session.execute(
            session.dialect.update("users", key: "uid", all, "replaced_at = \(now) + uid % 100")
        )
        try check(count, uids.count)
    }

    private func freeSlots(_ nodes: [NodeID]) throws {
        let slots = Dictionary(nodes.map { ($0, 1) }, uniquingKeysWith: +)
        if slots.count > 1, !session.dialect.lockingClause.isEmpty {
            let rows = session.dialect.rows(of: "nodes", "n", key: "id", slots.keys.map(\.rawValue).sorted())
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
                session.dialect.update("nodes", key: "id", nodes.map(\.key.rawValue).sorted(), changes)
            )
        }
    }

    private func check(_ count: Int, _ expected: Int) throws {
        if count != expected {
            throw SQLError.failed("a statement changed \(count) rows instead of \(expected); the batch was rolled back")
        }
    }
}
