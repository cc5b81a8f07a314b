import GRDB
import TokenserverStore
import Support

/// A connection to a SQLite file.
final class SQLiteConnection: SQLConnection {
    private let database: DatabaseQueue
    private let queue = SerialQueue(label: "purge-old-records.sqlite")

    init(_ database: DatabaseQueue) { self.database = database }

    /// Closing may wait for the disk, so whoever drops the connection doesn't do it.
    deinit { queue.submit { [database] in withExtendedLifetime(database) {} } }

    package func withSession<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await queue.run { [database] in
            try database.writeWithoutTransaction { database in
                let session = SQLiteSession(database: database)
                // The library ends the program where a transaction is left open.
                defer { try? session.rollBack() }
                return try body(session)
            }
        }
    }

    package func interrupt() { database.interrupt() }
}
