import Purging

/// Reads the records of accounts under whatever e-mail domain: a Tokenserver user is told by the whole e-mail, but on
/// storage keyed by account only the part before the `@` counts.
///
/// One statement, of one short range of the look-up index for each account.
struct KinReader {
    /// Accounts looked up in one statement.
    private static let accountsPerStatement = 64
    /// An account can't have more records than this; it bounds what one range may read.
    private static let mostRecords = 1000
    /// The length of the ids that Mozilla's accounts server gives.
    private static let accountIDLength = 32

    let session: any SQLSession
    let service: Int64

    func kin(of users: [[UserRecord]]) throws -> Kin {
        let ids = Set(users.joined().map(\.email.fxaUID)).filter { !$0.isEmpty }.sorted()
        var kin = Kin()
        for start in stride(from: 0, to: ids.count, by: Self.accountsPerStatement) {
            let some = Array(ids[start..<min(start + Self.accountsPerStatement, ids.count)])
            let wanted = Set(some)
            for row in try session.query(statement(for: some)) {
                let record = try UserColumns.record(row, from: 1)
                if wanted.contains(record.email.fxaUID) { kin.add(record, user: try row.text(0)) }
            }
        }
        return kin
    }

    private func statement(for ids: [String]) -> SQLStatement {
        var statement: SQLStatement = ""
        let index = session.dialect.using(TokenserverSchema.lookupIndex)
        // Repeated up to a power of two, as lists are.
        for number in 0..<SQLStatement.Interpolation.padded(ids.count) {
            let id = ids[min(number, ids.count - 1)]
            if number > 0 { statement += " UNION ALL " }
            statement += """
                SELECT * FROM (SELECT \(sql: session.dialect.userName(of: "u")), \(sql: UserColumns.list("u")) FROM users u\
                \(index) WHERE \(emails(of: id)) AND u.service + 0 = \(service) LIMIT \(Self.mostRecords)) \
                AS kin\(sql: String(number))
                """
        }
        return statement
    }

    /// What selects the account's e-mails, and hardly others, by the index.
    ///
    /// MySQL makes a range of a prefix, as the column's collation has it. The other databases do so for some collations only.
    private func emails(of id: String) -> SQLStatement {
        if session.dialect.name == .mysql {
            let literal = id.map { "|%_".contains($0) ? "|\($0)" : String($0) }.joined()
            return "u.email LIKE \(literal + "@%") ESCAPE '|'"
        }
        let (from, to) = Self.range(of: id)
        return "u.email >= \(from) AND u.email < \(to)"
    }

    /// A range of e-mails that holds all of the account's, and hardly others.
    ///
    /// An id of hexadecimal digits is followed by the `@` alone, so the range may end before the next digit or letter: that
    /// holds whatever the collation makes of the `@`.
    static func range(of id: String) -> (from: String, to: String) {
        let isHexadecimal = id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard id.utf8.count == accountIDLength, isHexadecimal, let last = id.utf8.last else {
            return (id + "@", id + "A")
        }
        let next = last == 0x39 ? "a" : String(UnicodeScalar(last + 1))
        return (id, id.dropLast() + next)
    }
}

/// Records of accounts, in a group for each Tokenserver user.
struct Kin {
    private struct User: Hashable {
        let fxaUID: String
        let name: String
    }

    private var users: [User: [UserRecord]] = [:]
    private var namesByID: [String: Set<String>] = [:]

    mutating func add(_ record: UserRecord, user: String) {
        users[User(fxaUID: record.email.fxaUID, name: user), default: []].append(record)
        namesByID[record.email.fxaUID, default: []].insert(user)
    }

    /// The groups of the record's account that are another Tokenserver user's than these records.
    func groups(besides own: [UserRecord], of record: UserRecord) -> [[UserRecord]] {
        let known = Set(own.map(\.uid))
        let id = record.email.fxaUID
        return (namesByID[id] ?? []).sorted().compactMap { name in
            guard let group = users[User(fxaUID: id, name: name)], !group.contains(where: { known.contains($0.uid) })
            else { return nil }
            return unique(group)
        }
    }

    /// What a padded statement found twice is there once.
    private func unique(_ group: [UserRecord]) -> [UserRecord] {
        var seen: Set<UID> = []
        return group.filter { seen.insert($0.uid).inserted }
    }
}
