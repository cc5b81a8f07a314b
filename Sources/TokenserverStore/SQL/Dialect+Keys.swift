/// Rows found, changed and deleted by keys, so that one plan only is possible whatever the statistics say of a table: after a
/// restore or a bulk load they may say that it is empty, and then MySQL's optimizer reads, and locks, all of it (law 14).
extension Dialect {
    /// What follows a table's name in a SELECT so that this index is used: MySQL's optimizer may prefer to read a small
    /// table whole, and so lock all of it, or to sort.
    func using(_ index: String) -> SQLStatement {
        name == .mysql ? " FORCE INDEX (\(sql: index))" : ""
    }

    /// What follows FROM for rows of a table by its primary key, ending in a condition that others may follow.
    func rows(of table: String, _ alias: String, key: String, _ values: [Int64]) -> SQLStatement {
        "\(sql: table) \(sql: alias)\(using("PRIMARY")) WHERE \(sql: alias).\(sql: key) IN \(list: values)"
    }

    func deletion(from table: String, key: String, _ values: [Int64]) -> SQLStatement {
        changing("DELETE", "FROM", table, "WHERE \(sql: key) IN \(list: values)")
    }

    /// - Parameter changes: assignments to columns.
    func update(_ table: String, key: String, _ values: [Int64], _ changes: SQLStatement) -> SQLStatement {
        changing("UPDATE", "", table, "SET \(changes) WHERE \(sql: key) IN \(list: values)")
    }

    /// A DELETE of one table takes no FORCE INDEX. MySQL heeds a hint, and MariaDB uses a key where a statement must be safe.
    /// Both refuse a statement that would read the table (error 1175).
    private func changing(_ verb: String, _ from: String, _ table: String, _ rest: SQLStatement) -> SQLStatement {
        let target = [from, table].filter { !$0.isEmpty }.joined(separator: " ")
        if name != .mysql { return "\(sql: verb) \(sql: target) \(rest)" }
        let start = Self.start(verb, hint: "INDEX(\(table) PRIMARY) ", ["sql_safe_updates = 1", Self.noDives])
        return "\(sql: start) \(sql: target) \(rest)"
    }

    /// Keeps the optimizer from looking each key up before it does so in earnest: there is nothing left to choose.
    static let noDives = "eq_range_index_dive_limit = 1"

    /// The start of a statement for which, and for no other, these variables have these values: as MariaDB has it, in a comment
    /// that only it reads, and as a hint of MySQL's, which is a comment to MariaDB.
    static func start(_ verb: String, hint: String = "", _ settings: [String]) -> String {
        let hints = settings.map { "SET_VAR(\($0))" }.joined(separator: " ")
        return "/*M! SET STATEMENT \(settings.joined(separator: ", ")) FOR */ \(verb) /*+ \(hint)\(hints) */"
    }

    /// The records of the users with these e-mails, each with the number, from 1, of the e-mail that it was found for, as the
    /// column's own collation has it. A record that was found for several comes for the first, or for each.
    ///
    /// - Parameter columns: of the table's rows, by the alias `u`.
    /// - Parameter condition: on those rows, for which no index is of use.
    func users(with emails: [String], _ columns: SQLStatement, _ condition: SQLStatement) -> SQLStatement {
        switch name {
        case .mysql:
            let index = using(TokenserverSchema.lookupIndex)
            return """
                SELECT FIELD(u.email, \(arguments: emails)), \(columns) FROM users u\(index) \
                WHERE u.email IN \(list: emails) AND \(condition)
                """
        case .sqlite:
            return """
                SELECT k.column1, \(columns) FROM (VALUES \(rows: emails)) AS k \
                CROSS JOIN users u ON u.email = k.column2 AND \(condition)
                """
        case .postgres:
            // With wrong statistics, or none, the optimizer would begin with the table, or read all of it for each e-mail.
            return """
                SELECT k.column1, \(columns) FROM (VALUES \(rows: emails)) AS k CROSS JOIN LATERAL (\
                SELECT ctid, * FROM users u WHERE u.email = k.column2 AND \(condition) OFFSET 0) u
                """
        }
    }
}
