import Purging

/// Reads records with all that their users have, both in one statement, so at one moment.
struct AccountReader {
    /// Records looked up in one statement: enough to be quick, few enough for every database's limit on bound values.
    private static let recordsPerStatement = 256

    let session: any SQLSession
    let service: Int64

    /// The records that are in scope now, each with its user's others, which are matched by e-mail as the column's own
    /// collation has it; in no particular order.
    func entries(_ uids: [UID], scope: BacklogScope) throws -> [BacklogEntry] {
        var entries: [BacklogEntry] = []
        for start in stride(from: 0, to: uids.count, by: Self.recordsPerStatement) {
            let some = uids[start..<min(start + Self.recordsPerStatement, uids.count)]
            entries += try accounts(of: some.map(\.rawValue)).filter { scope.contains($0.record) }
        }
        return entries
    }

    private func accounts(of uids: [Int64]) throws -> [BacklogEntry] {
        let ties = session.dialect.tieOrder
        let rows = try session.query(
            """
            SELECT p.uid, \(sql: ties.column(of: "u")), \(sql: UserColumns.list("u")) FROM users p \
            JOIN users u ON u.email = p.email AND u.service = p.service \
            WHERE p.uid IN \(list: uids) AND p.service + 0 = \(service)
            """
        )
        var records: [UID: (record: UserRecord, tiebreaker: Int64)] = [:]
        var others: [UID: [UserRecord]] = [:]
        for row in rows {
            let uid = UID(try row.integer(0))
            let record = try UserColumns.record(row, from: 2)
            if record.uid == uid {
                records[uid] = (record, try ties.tiebreaker(row, 1))
            } else {
                others[uid, default: []].append(record)
            }
        }
        return records.compactMap { uid, own in
            BacklogEntry(record: own.record, others: others[uid] ?? [], tiebreaker: own.tiebreaker)
        }
    }
}
