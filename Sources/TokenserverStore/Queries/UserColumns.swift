import Purging

/// The columns of `users` that make a ``UserRecord``, and how to read them.
enum UserColumns {
    private static let names = [
        "uid", "email", "generation", "keys_changed_at", "client_state", "created_at", "replaced_at", "nodeid",
    ]

    static func list(_ alias: String) -> String { names.map { "\(alias).\($0)" }.joined(separator: ", ") }

    /// Reads a record from a row whose columns, from `first` on, are those of ``list(_:)``. What a column can't hold by
    /// Tokenserver's schema makes the record malformed; only without a uid there is none.
    static func record(_ row: SQLRow, from first: Int = 0) throws(SQLError) -> UserRecord {
        var malformation: String?
        func noteMalformed(_ column: Int) {
            malformation = malformation ?? "\(names[column]) is \(row.kind(first + column))"
        }
        func integer(_ column: Int) -> Int64? {
            let value = row.integerIfAny(first + column)
            if value == nil { noteMalformed(column) }
            return value
        }
        func optionalInteger(_ column: Int) -> Int64? {
            row.kind(first + column) == "NULL" ? nil : integer(column)
        }
        func text(_ column: Int) -> String {
            let value = row.textIfAny(first + column)
            if value == nil { noteMalformed(column) }
            return value ?? ""
        }
        var record = UserRecord(
            uid: UID(try row.integer(first)),
            email: AccountEmail(text(1)),
            generation: integer(2) ?? 0,
            keysChangedAt: optionalInteger(3),
            clientState: text(4),
            createdAt: Timestamp(integer(5) ?? 0),
            replacedAt: optionalInteger(6).map { Timestamp($0) },
            nodeID: integer(7).map { NodeID($0) } ?? .none
        )
        record.malformation = malformation
        return record
    }
}
