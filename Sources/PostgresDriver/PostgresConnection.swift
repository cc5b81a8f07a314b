import TokenserverStore
import Support

/// A connection to a PostgreSQL database.
final class PostgresConnection: SQLConnection {
    private let handle: PostgresHandle
    private let queue: SerialQueue
    private let cancelQueue = SerialQueue(label: "purge-old-records.postgres.cancel")

    init(handle: PostgresHandle, queue: SerialQueue) {
        self.handle = handle
        self.queue = queue
    }

    /// Saying goodbye may block, so it isn't done where the last reference happened to be dropped.
    deinit { queue.submit { [handle] in handle.close() } }

    func withSession<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await queue.run { [handle] in try body(PostgresSession(handle: handle)) }
    }

    func interrupt() {
        let cancellation = handle.cancellation
        guard let statement = cancellation.running else { return }
        cancelQueue.submit { cancellation.cancel(statement) }
    }
}

/// A PostgreSQL connection in use.
struct PostgresSession: SQLSession {
    let handle: PostgresHandle

    var dialect: Dialect { .postgres }

    func begin() throws { try handle.begin() }

    func rollBack() throws { try handle.rollBack() }

    func query(_ statement: SQLStatement) throws -> [SQLRow] { try handle.execute(statement).rows() }

    func execute(_ statement: SQLStatement) throws -> Int { try handle.execute(statement).changedRows }
}
