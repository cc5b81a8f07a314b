import Purging

/// Reads one page of the backlog in a session that has a snapshot open.
struct PageReader {
    /// Users looked up in one statement: enough to be quick, few enough for every database's limit on bound values.
    private static let usersPerStatement = 256

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
        for stretch in statements.stretches(after: query.cursor, upTo: upper, select: columns) {
            let limit = query.limit - records.count
            if limit <= 0 { break }
            records += try session.query(
                "\(stretch.statement)\(filter) ORDER BY \(sql: stretch.order) LIMIT \(limit)"
            ).map { try UserColumns.record($0) }
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
        for stretch in statements.stretches(after: query.cursor, upTo: nil, select: "p.replaced_at, p.uid") {
            let rows = try session.query(
                "\(stretch.statement) ORDER BY \(sql: stretch.order) LIMIT 1 OFFSET \(left - 1)"
            )
            if let row = rows.first { return try BacklogKey(row) }
            let counted = try session.query("SELECT COUNT(*) FROM (\(stretch.statement) LIMIT \(left)) AS stretch")
            left -= Int(try counted.first?.integer(0) ?? 0)
            if left <= 0 { return nil }
        }
        return nil
    }

    /// Adds to each record its user's others, matched by e-mail as the column's own collation has it.
    func withOthers(_ records: [UserRecord]) throws -> [BacklogEntry] {
        var others: [UID: [UserRecord]] = [:]
        for start in stride(from: 0, to: records.count, by: Self.usersPerStatement) {
            let some = records[start..<min(start + Self.usersPerStatement, records.count)]
            let rows = try session.query(
                """
                SELECT p.uid, \(sql: UserColumns.list("u")) FROM users p \
                JOIN users u ON u.email = p.email AND u.service = p.service \
                WHERE p.uid IN \(list: some.map(\.uid.rawValue)) AND u.uid <> p.uid
                """
            )
            for row in rows {
                others[UID(try row.integer(0)), default: []].append(try UserColumns.record(row, from: 1))
            }
        }
        return records.compactMap { BacklogEntry(record: $0, others: others[$0.uid] ?? []) }
    }
}

extension BacklogKey {
    /// Reads the columns replaced_at and uid.
    init(_ row: SQLRow) throws(SQLError) {
        self.init(replacedAt: Milliseconds(try row.integer(0)), uid: UID(try row.integer(1)))
    }
}
