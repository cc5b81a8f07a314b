import Purging

/// Checks that a database is a Tokenserver's.
struct TokenserverSchema {
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
                    "this is not a Tokenserver's database (\(text)); check the database URL"
                )
            }
        }
        let rows = try session.query("SELECT id FROM services WHERE service = \(TokenserverStore.serviceName)")
        guard let row = rows.first else {
            throw StoreError.notATokenserver(
                "the services table has no row for \(TokenserverStore.serviceName); check the database URL, or add the row"
            )
        }
        return try row.integer(0)
    }
}
