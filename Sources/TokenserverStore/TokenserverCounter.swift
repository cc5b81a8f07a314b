package import Purging
import Synchronization

/// Counts the backlog on a connection of its own, which is opened for each count.
package struct TokenserverCounter: BacklogCounter {
    /// How often a count that was ended is interrupted: an interruption has no effect between two statements.
    private static let persistence = Duration.milliseconds(50)

    private let connector: any SQLConnector

    package init(connector: any SQLConnector) { self.connector = connector }

    /// Ends early, with nil, also when the task is cancelled.
    package func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? {
        let connection = try await connector.connect(readOnly: true)
        let end = End(deadline: .now + limit)
        let watching = Task {
            while !Task.isCancelled {
                if end.isDue { connection.interrupt() }
                try? await Task.sleep(for: Self.persistence)
            }
        }
        defer { watching.cancel() }
        return try await withTaskCancellationHandler {
            do {
                return try await translatingErrors {
                    try await connection.withSession { try Self.count($0, scope: scope, until: end) }
                }
            } catch SQLError.interrupted {
                return nil
            }
        } onCancel: {
            end.hasten()
        }
    }

    private static func count(_ session: any SQLSession, scope: BacklogScope, until end: End) throws -> BacklogSize {
        let service = try TokenserverSchema(session: session).serviceID()
        let statements = BacklogStatements(service: service, scope: scope)
        func row(_ statement: SQLStatement) throws -> SQLRow? {
            if end.isDue { throw SQLError.interrupted }
            return try session.query(statement).first
        }
        let all = try row(
            "\(statements.backlog(select: "COUNT(*), MIN(p.replaced_at)"))\(statements.uidFilter)"
        )
        let downed = try session.query("SELECT id FROM nodes WHERE service = \(service) AND downed <> 0")
            .map { NodeID(try $0.integer(0)) }
        var waiting: SQLRow?
        if !downed.isEmpty {
            // Which node a record names is not in the index, so the rows are read only where it matters.
            let filter = statements.filter(.only(Set(downed)))
            waiting = try row("\(statements.backlog(select: "COUNT(*)"))\(filter)")
        }
        return BacklogSize(
            purgeable: Int(try all?.integer(0) ?? 0),
            waitingForDownedNodes: Int(try waiting?.integer(0) ?? 0),
            oldest: try all?.optionalInteger(1).map { Milliseconds($0) }
        )
    }

    /// When a count has to end.
    private final class End: Sendable {
        private let deadline: ContinuousClock.Instant
        private let isHastened = Mutex(false)

        init(deadline: ContinuousClock.Instant) { self.deadline = deadline }

        var isDue: Bool { isHastened.withLock { $0 } || ContinuousClock.now >= deadline }

        func hasten() { isHastened.withLock { $0 = true } }
    }
}
