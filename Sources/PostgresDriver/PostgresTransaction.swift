import TokenserverStore

/// How a transaction begins, and what holds in it and in no other: behind a pooler, what is set for a session would be for
/// whoever gets that session next.
struct PostgresTransaction {
    let begin: SQLStatement
    let settings: SQLStatement

    /// A lock is waited for a bit longer than the second after which PostgreSQL looks for deadlocks.
    ///
    /// Tables are read along their indexes, row by row: a bitmap is made whole before the first row of a LIMIT comes, and a
    /// scan of the users is never what is wanted. Nor are more of the server's processors, or code compiled for a statement
    /// that looks expensive where the statistics are wrong.
    init(_ options: ConnectionOptions) {
        let timeout = Int64(options.statementTimeout / .milliseconds(1))
        begin = "BEGIN ISOLATION LEVEL READ COMMITTED \(sql: options.readOnly ? "READ ONLY" : "READ WRITE")"
        let values = [
            ("statement_timeout", String(min(max(1, timeout), Int64(Int32.max)))), ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "60s"), ("enable_seqscan", "off"), ("enable_bitmapscan", "off"),
            ("max_parallel_workers_per_gather", "0"), ("jit", "off"),
        ]
        let calls = values.map { "set_config('\($0)', '\($1)', true)" }.joined(separator: ", ")
        settings = "SELECT \(sql: calls)"
    }
}
