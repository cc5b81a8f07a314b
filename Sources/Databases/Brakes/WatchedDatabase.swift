import Purging
import Synchronization
import TokenserverStore

/// A connection that only looks, opened when it is needed, and anew after each error.
final class WatchedDatabase: Sendable {
    private static let timeLimit = Duration.seconds(3)
    /// A server that refuses a login locks the account where this is done too often.
    private static let restAfterRefusal = Duration.seconds(60)

    private struct State: Sendable {
        var connection: (any SQLConnection)?
        var refusal: (error: SQLError, until: ContinuousClock.Instant)?
    }

    let connector: any SQLConnector
    private let state = Mutex(State())

    init(_ connector: any SQLConnector) { self.connector = connector }

    var name: String { connector.name }

    func use<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        do {
            let connection = try await current()
            // Where the server doesn't end a statement in time, we do.
            let watchdog = Task {
                try await Task.sleep(for: Self.timeLimit + .seconds(1))
                connection.interrupt()
            }
            defer { watchdog.cancel() }
            return try await connection.withSession(body)
        } catch {
            state.withLock { state in
                state.connection = nil
                let isResting = state.refusal.map { .now < $0.until } ?? false
                if !isResting, let error = error as? SQLError, case .refused = error {
                    state.refusal = (error, .now + Self.restAfterRefusal)
                }
            }
            throw error
        }
    }

    private func current() async throws -> any SQLConnection {
        let (open, refusal) = state.withLock { ($0.connection, $0.refusal) }
        if let open { return open }
        if let refusal, .now < refusal.until { throw refusal.error }
        let fresh = try await connector.connect(ConnectionOptions(readOnly: true, statementTimeout: Self.timeLimit))
        state.withLock { state in
            state.connection = fresh
            state.refusal = nil
        }
        return fresh
    }
}
