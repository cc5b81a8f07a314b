import Purging

/// Reads records with all that their users have, both in one statement, so at one moment.
struct AccountReader {
    /// Records looked up in one statement: enough to be quick, few enough for every database's limit on bound values.
    private static let recordsPerStatement = 256

    let session: any SQLSession
    let service: Int64
    /// Whether records of one account under several e-mail domains may share data.
    let readsKin: Bool

    private struct Account {
        var rows: [(record: UserRecord, tiebreaker: Int64)] = []
        var records: [UserRecord] { rows.map(\.record) }
    }

    /// The records that are in scope now, each with its user's others, which are matched by e-mail as the column's own
    /// collation has it, and with its account's under other domains; in no particular order.
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
        let dialect = session.dialect
        let wanted: SQLStatement = """
            SELECT p.uid, p.email FROM \(dialect.rows(of: "users", "p", key: "uid", uids)) \
            AND p.service + 0 = \(service)\(dialect.fence)
            """
        let ofService: SQLStatement = "u.service + 0 = \(service)"
        let rows = try session.query(
            """
            SELECT k.uid, \(sql: ties.column(of: "u")), \(sql: UserColumns.list("u")) FROM \
            (SELECT MIN(w.uid) AS uid, w.email FROM (\(wanted)) w GROUP BY w.email) k \
            \(dialect.users("u", byEmailOf: "k", ofService))
            """
        )
        var accounts: [Int64: Account] = [:]
        for row in rows {
            accounts[try row.integer(0), default: Account()].rows
                .append((try UserColumns.record(row, from: 2), try ties.tiebreaker(row, 1)))
        }
        let kin =
            readsKin
            ? try KinReader(session: session, service: service).kin(of: accounts.values.map(\.records)) : Kin()
        let asked = Set(uids)
        return accounts.values.flatMap { account in
            account.rows.filter { asked.contains($0.record.uid.rawValue) }.compactMap { own in
                BacklogEntry(
                    record: own.record,
                    others: account.records.filter { $0.uid != own.record.uid },
                    kin: kin.groups(besides: account.records, of: own.record),
                    tiebreaker: own.tiebreaker
                )
            }
        }
    }
}
