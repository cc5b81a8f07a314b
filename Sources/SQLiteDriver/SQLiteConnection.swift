import Dispatch
import GRDB
package import TokenserverStore

/// A connection to a SQLite file, used on a dispatch queue of its own.
package final class SQLiteConnection: SQLConnection {
    private let database: DatabaseQueue
    private let queue = DispatchQueue(label: "purge-old-records.sqlite")

    init(_ database: DatabaseQueue) { self.database = database }

    package func withSession<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [database] in
                continuation.resume(
                    with: Swift.Result {
                        try database.writeWithoutTransaction { try body(SQLiteSession(database: $0)) }
                    }
                )
            }
        }
    }

    package func interrupt() { database.interrupt() }
}
