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
    ///
    /// - Parameter emails: of those of the records whose e-mail is known from before, which says who has the same user.
    func entries(_ uids: [UID], emails: [UID: String] = [:], scope: BacklogScope) throws -> [BacklogEntry] {
        var entries: [BacklogEntry] = []
        for start in stride(from: 0, to: uids.count, by: Self.recordsPerStatement) {
            let some = Array(uids[start..<min(start + Self.recordsPerStatement, uids.count)])
            entries += try self.entries(of: accounts(of: some, emails: emails), some)
                .filter { scope.contains($0.record) }
        }
        return entries
    }

    private func accounts(of uids: [UID], emails: [UID: String]) throws -> [Account] {
        // One record for each user; the rest of them come with it.
        var unknown: [UID] = []
        var representatives: [String: UID] = [:]
        for uid in uids {
            if let email = emails[uid] {
                representatives[email] = representatives[email] ?? uid
            } else {
                unknown.append(uid)
            }
        }
        var accounts: [Account] = []
        if !representatives.isEmpty {
            accounts = try read(representatives.values.sorted(), areOfDifferentUsers: true)
            let found = Set(accounts.lazy.flatMap(\.rows).map(\.record.uid))
            // Whose representative is gone.
            unknown += uids.filter { emails[$0] != nil && !found.contains($0) }
        }
        if unknown.isEmpty { return accounts }
        let known = Set(accounts.lazy.flatMap(\.rows).map(\.record.uid))
        return accounts
            + (try read(unknown, areOfDifferentUsers: false).filter { account in
                !account.rows.contains { known.contains($0.record.uid) }
            })
    }

    /// The users of these records, each once.
    ///
    /// - Parameter areOfDifferentUsers: whether no two of them have one user, so that nothing has to be sorted out.
    private func read(_ uids: [UID], areOfDifferentUsers: Bool) throws -> [Account] {
        let (dialect, ties) = (session.dialect, session.dialect.tieOrder)
        let wanted: SQLStatement = """
            SELECT p.uid, p.email FROM \(dialect.rows(of: "users", "p", key: "uid", uids.map(\.rawValue))) \
            AND p.service + 0 = \(service)\(dialect.fence)
            """
        let users: SQLStatement =
            areOfDifferentUsers ? wanted : "SELECT MIN(w.uid) AS uid, w.email FROM (\(wanted)) w GROUP BY w.email"
        let rows = try session.query(
            """
            SELECT k.uid, \(sql: ties.column(of: "u")), \(sql: UserColumns.list("u")) FROM (\(users)) k \
            \(dialect.users("u", byEmailOf: "k", "u.service + 0 = \(service)"))
            """
        )
        var accounts: [Int64: Account] = [:]
        for row in rows {
            accounts[try row.integer(0), default: Account()].rows
                .append((try UserColumns.record(row, from: 2), try ties.tiebreaker(row, 1)))
        }
        return Array(accounts.values)
    }

    private func entries(of accounts: [Account], _ uids: [UID]) throws -> [BacklogEntry] {
        let kin = readsKin ? try KinReader(session: session, service: service).kin(of: accounts.map(\.records)) : Kin()
        let asked = Set(uids)
        return accounts.flatMap { account in
            account.rows.filter { asked.contains($0.record.uid) }.compactMap { own in
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
