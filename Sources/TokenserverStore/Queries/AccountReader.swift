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
        // Each account once, whichever and however many of its records were asked for.
        let rows = try session.query(
            """
            SELECT k.uid, \(sql: ties.column(of: "u")), \(sql: UserColumns.list("u")) FROM (\
            SELECT MIN(p.uid) AS uid, p.email FROM users p\(session.dialect.using("PRIMARY")) \
            WHERE p.uid IN \(list: uids) AND p.service + 0 = \(service) GROUP BY p.email\
            ) k \(session.dialect.joinAfter) users u ON u.email = k.email AND u.service = \(service)
            """
        )
        var accounts: [Int64: [(record: UserRecord, tiebreaker: Int64)]] = [:]
        for row in rows {
            accounts[try row.integer(0), default: []]
                .append((try UserColumns.record(row, from: 2), try ties.tiebreaker(row, 1)))
        }
        let wanted = Set(uids)
        return accounts.values.flatMap { account in
            account.filter { wanted.contains($0.record.uid.rawValue) }.compactMap { own in
                BacklogEntry(
                    record: own.record,
                    others: account.map(\.record).filter { $0.uid != own.record.uid },
                    tiebreaker: own.tiebreaker
                )
            }
        }
    }
}
