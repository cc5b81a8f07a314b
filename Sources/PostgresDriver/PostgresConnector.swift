import CLibPQ
package import TokenserverStore
import Support

/// Opens connections to a PostgreSQL database, or to a pooler before it, and sets nothing in its sessions.
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
        let queue = SerialQueue(label: "purge-old-records.postgres")
        let url = url
        return try await queue.run {
            let connection = try PostgresLogin(url: url).open()
            let handle = PostgresHandle(connection, name: url.name, options: options)
            guard PQserverVersion(connection) >= Self.firstVersion else {
                throw SQLError.refused("the \(url.name) is older than PostgreSQL 14, the first version that will do")
            }
            return PostgresConnection(handle: handle, queue: queue)
        }
    }
}
