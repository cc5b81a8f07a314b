import Purging

/// Checks that a database is a Tokenserver's.
struct TokenserverSchema {
    /// The name of the one service that counts, in `services`.
    static let serviceName = "sync-1.5"

    /// The index by which Tokenserver finds a user's records: (email, service, created_at).
    static let lookupIndex = "lookup_idx"
    /// The index along which the backlog is read: (service, replaced_at).
    static let backlogIndex = "replaced_at_idx"

    let session: any SQLSession

    /// The id of the service, looked up by its name.
    ///
    /// - Throws: ``StoreError/notATokenserver(_:)`` if a table, a column or the service's row is missing.
    func serviceID() throws -> Int64 {
        for columns in [
            "id, service FROM services",
            "id, service, node, available, current_load, capacity, downed, backoff FROM nodes",
            "uid, service, email, generation, client_state, created_at, replaced_at, nodeid, keys_changed_at FROM users",
        ] {
            do {
                _ = try session.query("SELECT \(sql: columns) LIMIT 0")
            } catch SQLError.failed(let text) {
                throw StoreError.notATokenserver(
                    "Tokenserver's tables can't be read (\(text)); check the database URL"
                )
            } catch SQLError.denied(let text) {
                throw StoreError.notATokenserver("Tokenserver's tables can't be read (\(text)); \(grants)")
            }
        }
        try checkIndexes()
        let rows = try session.query("SELECT id FROM services WHERE service = \(Self.serviceName)")
        guard let row = rows.first else {
            throw StoreError.notATokenserver(
                "the services table has no row for \(Self.serviceName); check the database URL, or add the row"
            )
        }
        return try row.integer(0)
    }

    private var grants: String {
        let name = session.dialect.name == .postgres ? "postgres" : "mysql"
        return "grant the user what docs/grants/\(name).sql lists, or \(name)-read-only.sql for who only looks"
    }

    /// Where statements name them, the indexes must be there.
    private func checkIndexes() throws {
        if session.dialect.name != .mysql { return }
        for (index, columns) in [
            (Self.lookupIndex, "email, service, created_at"), (Self.backlogIndex, "service, replaced_at"),
        ] {
            do {
                _ = try session.query("SELECT uid FROM users\(session.dialect.using(index)) LIMIT 0")
            } catch SQLError.failed(let text) {
                throw StoreError.notATokenserver(
                    "the users table lacks Tokenserver's index \(index) (\(text)); create it on (\(columns))"
                )
            }
        }
    }

    /// Finds out that this session may change what settling changes, by statements that fit no row, in a transaction that is
    /// rolled back. On SQLite a page of the file is made dirty: only then are its folder and its disk asked for anything.
    ///
    /// It would be too late to learn it once nodes have deleted data.
    func checkWriting(tracksSlots: Bool) throws {
        let none = [Int64.min]
        do {
            try session.inTrialTransaction {
                if session.dialect.name == .sqlite { try session.execute("CREATE TABLE purge_old_records_trial (id)") }
                if tracksSlots {
                    try session.execute(
                        session.dialect.update(
                            "nodes",
                            key: "id",
                            none,
                            "available = available, current_load = current_load"
                        )
                    )
                }
                try session.execute(
                    session.dialect.update("users", key: "uid", none, "replaced_at = replaced_at")
                )
                try session.execute(session.dialect.deletion(from: "users", key: "uid", none))
            }
        } catch SQLError.failed(let text) {
            throw StoreError.failed("Tokenserver's tables can't be changed: \(text)")
        } catch SQLError.denied(let text) {
            throw StoreError.failed("Tokenserver's tables can't be changed (\(text)); \(grants)")
        } catch SQLError.unreachable(let text) where session.dialect.name == .sqlite {
            throw StoreError.failed(
                "Tokenserver's database can't be changed (\(text)); check that the file and its folder can be written to, and"
                    + " that the disk has room"
            )
        }
    }
}
