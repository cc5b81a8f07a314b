package import TokenserverStore

extension SQLSession {
    /// As an administrator.
    ///
    /// - Returns: how many connections there were.
    package func cutConnections(ofUsersLike pattern: String) throws -> Int {
        if dialect.name == .postgres {
            let rows = try query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE \(pattern)")
            return rows.count
        }
        let ids = try query("SELECT id FROM information_schema.processlist WHERE user LIKE \(pattern)")
        for id in ids {
            // It may have ended by itself meanwhile.
            _ = try? execute("KILL \(sql: String(try id.integer(0)))")
        }
        return ids.count
    }
}
