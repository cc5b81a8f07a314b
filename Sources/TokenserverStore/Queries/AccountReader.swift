import Purging

/// Reads records with all that their users have, both in one statement, so at one moment; only e-mails may be read before.
struct AccountReader {
    /// Records looked up in one statement: enough to be quick, few enough for every database's limit on bound values.
    private static let recordsPerStatement = 64

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

    /// The users of these records; one may come twice, each time with all of its records.
    private func accounts(of uids: [UID], emails known: [UID: String]) throws -> [Account] {
        let (read, without) = try emails(of: uids.filter { known[$0] == nil })
        let emails = known.merging(read) { known, _ in known }
        // Byte by byte: a string equals others that a collation may tell from it.
        let wanted = Set(uids.compactMap { emails[$0].map { Array($0.utf8) } }).map {
            String(decoding: $0, as: UTF8.self)
        }
        let lone = try without.compactMap(loneAccount)
        if wanted.isEmpty { return lone }
        let ties = session.dialect.tieOrder
        let rows = try session.query(
            session.dialect.users(
                with: wanted,
                "\(sql: ties.column(of: "u")), \(sql: UserColumns.list("u"))",
                "u.service + 0 = \(service)"
            )
        )
        var accounts: [Int64: Account] = [:]
        for row in rows {
            let number = try row.integer(0)
            if number < 1 { throw SQLError.failed("the database compares e-mails in two ways") }
            accounts[number, default: Account()].rows
                .append((try UserColumns.record(row, from: 2), try ties.tiebreaker(row, 1)))
        }
        return lone + accounts.values
    }

    /// A record without an e-mail, which Tokenserver's schema forbids, has no user to read with it.
    private func loneAccount(_ uid: UID) throws -> Account? {
        let record = session.dialect.rows(of: "users", "u", key: "uid", [uid.rawValue])
        let ties = session.dialect.tieOrder
        let rows = try session.query(
            "SELECT \(sql: ties.column(of: "u")), \(sql: UserColumns.list("u")) FROM \(record) AND u.service + 0 = \(service)"
        )
        return try rows.first.map { Account(rows: [(try UserColumns.record($0, from: 1), try ties.tiebreaker($0, 0))]) }
    }

    /// A record's e-mail never changes, so that it may be read before.
    ///
    /// - Returns: the e-mails, and the records whose e-mail is none.
    private func emails(of uids: [UID]) throws -> (emails: [UID: String], without: [UID]) {
        if uids.isEmpty { return ([:], []) }
        let records = session.dialect.rows(of: "users", "p", key: "uid", uids.map(\.rawValue))
        let rows = try session.query("SELECT p.uid, p.email FROM \(records) AND p.service + 0 = \(service)")
        var emails: [UID: String] = [:]
        var without: [UID] = []
        for row in rows {
            let uid = UID(try row.integer(0))
            emails[uid] = row.textIfAny(1)
            if emails[uid] == nil { without.append(uid) }
        }
        return (emails, without)
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
