import Purging

/// Reads one page of the backlog in a session that has a snapshot open.
struct PageReader {
    let session: any SQLSession
    let service: Int64
    let query: BacklogQuery

    private var statements: BacklogStatements { BacklogStatements(service: service, scope: query.scope) }

    /// - Parameter horizon: how far the page may look, if some records are left out; a bound on what it examines.
    func page(horizon: BacklogKey?) throws -> BacklogPage {
        let upper = [horizon, query.bound].compactMap { $0 }.min()
        let columns = SQLStatement(stringLiteral: UserColumns.list("p"))
        let filter = statements.filter(query.nodes)
        var records: [UserRecord] = []
        func read(_ statement: SQLStatement, order: String) throws {
            let limit = query.limit - records.count
            if limit <= 0 { return }
            records += try session.query("\(statement)\(filter) ORDER BY \(sql: order) LIMIT \(limit)")
                .map { try UserColumns.record($0) }
        }
        if let cursor = query.cursor, let ties = statements.ties(after: cursor, upTo: upper, select: columns) {
            try read(ties, order: "p.uid")
        }
        if let later = statements.later(after: query.cursor, upTo: upper, select: columns) {
            try read(later, order: "p.replaced_at, p.uid")
        }
        let entries = try withOthers(records)
        if records.count == query.limit, let last = entries.last {
            return BacklogPage(entries: entries, examinedUpTo: last.key)
        }
        return BacklogPage(entries: entries, examinedUpTo: upper == query.bound ? nil : upper)
    }

    /// The key of the record that is `examined` places behind the cursor, whichever node or uid it has; nil if there
    /// are fewer. Reads index entries only.
    func horizon(examined: Int) throws -> BacklogKey? {
        var left = examined
        func key(_ statement: SQLStatement, order: String) throws -> BacklogKey? {
            let rows = try session.query("\(statement) ORDER BY \(sql: order) LIMIT 1 OFFSET \(left - 1)")
            return try rows.first.map {
                BacklogKey(replacedAt: Milliseconds(try $0.integer(0)), uid: UID(try $0.integer(1)))
            }
        }
        let columns: SQLStatement = "p.replaced_at, p.uid"
        if let cursor = query.cursor, let ties = statements.ties(after: cursor, upTo: nil, select: columns) {
            if let key = try key(ties, order: "p.uid") { return key }
            let counted = try session.query("SELECT COUNT(*) FROM (\(ties) LIMIT \(left)) AS ties")
            left -= Int(try counted.first?.integer(0) ?? 0)
        }
        if left <= 0 { return nil }
        return try statements.later(after: query.cursor, upTo: nil, select: columns)
            .flatMap { try key($0, order: "p.replaced_at, p.uid") }
    }

    /// Adds to each record its user's others, matched by e-mail as the column's own collation has it.
    func withOthers(_ records: [UserRecord]) throws -> [BacklogEntry] {
        if records.isEmpty { return [] }
        let rows = try session.query(
            """
            SELECT p.uid, \(sql: UserColumns.list("u")) FROM users p \
            JOIN users u ON u.email = p.email AND u.service = p.service \
            WHERE p.uid IN \(list: records.map(\.uid.rawValue)) AND u.uid <> p.uid
            """
        )
        var others: [UID: [UserRecord]] = [:]
        for row in rows {
            others[UID(try row.integer(0)), default: []].append(try UserColumns.record(row, from: 1))
        }
        return records.compactMap { BacklogEntry(record: $0, others: others[$0.uid] ?? []) }
    }
}
