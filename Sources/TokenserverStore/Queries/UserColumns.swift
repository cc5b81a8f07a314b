import Purging

/// The columns of `users` that make a ``UserRecord``, and how to read them.
enum UserColumns {
    static func list(_ alias: String) -> String {
        ["uid", "email", "generation", "keys_changed_at", "client_state", "created_at", "replaced_at", "nodeid"]
            .map { "\(alias).\($0)" }
            .joined(separator: ", ")
    }

    /// Reads a record from a row whose columns, from `first` on, are those of ``list(_:)``.
    static func record(_ row: SQLRow, from first: Int = 0) throws(SQLError) -> UserRecord {
        UserRecord(
            uid: UID(try row.integer(first)),
            email: AccountEmail(try row.text(first + 1)),
            generation: try row.integer(first + 2),
            keysChangedAt: try row.optionalInteger(first + 3),
            clientState: try row.text(first + 4),
            createdAt: Milliseconds(try row.integer(first + 5)),
            replacedAt: try row.optionalInteger(first + 6).map { Milliseconds($0) },
            nodeID: NodeID(try row.integer(first + 7))
        )
    }
}
