import CLibPQ
package import TokenserverStore

/// Opens connections to a PostgreSQL database, or to a pooler before it that gives each client a session of its own.
///
/// The URL is libpq's. Timeouts that it doesn't state are this program's, also where a service file has others.
package struct PostgresConnector: SQLConnector {
    /// The first version with TID range scans, without which a walk along the table would read all of it each time.
    private static let firstVersion: Int32 = 140_000

    private let url: PostgresURL

    /// - Throws: if the URL can't be read, or has values that libpq would refuse later.
    package init(url: String) throws(DatabaseURLError) { self.url = try PostgresURL(url) }

    package var name: String { url.name }

    /// - Throws: ``SQLError/unreachable(_:)`` or ``SQLError/refused(_:)``.
    package func connect(_ options: ConnectionOptions) async throws -> any SQLConnection {
        let queue = ConnectionQueue(label: "purge-old-records.postgres")
        let url = url
        return try await queue.run {
            let connection = try PostgresLogin(url: url).open()
            let handle = PostgresHandle(connection, name: url.name, options: options)
            guard PQserverVersion(connection) >= Self.firstVersion else {
                throw SQLError.refused("the \(url.name) is older than PostgreSQL 14, the first version that will do")
            }
            _ = try handle.execute(SQLStatement(stringLiteral: Self.settings(options)))
            return PostgresConnection(handle: handle, queue: queue)
        }
    }

    /// All in one round trip, and not as startup options, which poolers refuse.
    ///
    /// A lock is waited for a bit longer than the second after which PostgreSQL looks for deadlocks.
    ///
    /// Plans are made for each execution's values, which takes a fraction of a millisecond: one kept from wide ranges
    /// would read the whole table for a narrow one. Tables are read along their indexes, row by row: a bitmap is made
    /// whole before the first row of a LIMIT comes, and a scan of the users is never what is wanted. Nor are more of the
    /// server's processors.
    private static func settings(_ options: ConnectionOptions) -> String {
        let timeout = Int64(options.statementTimeout / .milliseconds(1))
        return """
            SET statement_timeout = \(min(max(1, timeout), Int64(Int32.max))); SET lock_timeout = '2s'; \
            SET idle_in_transaction_session_timeout = '60s'; SET default_transaction_isolation = 'read committed'; \
            SET default_transaction_read_only = \(options.readOnly ? "on" : "off"); SET timezone = 'UTC'; \
            SET standard_conforming_strings = on; SET plan_cache_mode = force_custom_plan; \
            SET enable_seqscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0
            """
    }
}
