package import Purging
import Synchronization

/// Counts the backlog on a connection of its own, which is opened for each count.
package struct TokenserverCounter: BacklogCounter {
    /// How often a count that was ended is interrupted: an interruption has no effect between two statements.
    private static let persistence = Duration.milliseconds(50)

    private static let grace = Duration.seconds(5)

    private let connector: any SQLConnector

    package init(connector: any SQLConnector) { self.connector = connector }

    /// Ends early, with nil, also when the task is cancelled.
    package func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? {
        try await counting(limit: limit) { try Self.count($0, scope: scope, until: $1) }
    }

    /// Ends early, with nil, also when the task is cancelled.
    package func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]? {
        if nodes.isEmpty { return [:] }
        return try await counting(limit: limit) { session, _ in
            let service = try TokenserverSchema(session: session).serviceID()
            let backlog = BacklogStatements(service: service, cutoff: scope.cutoff).purgeable(replacedAfter: nil)
            let rows = try session.query(
                """
                SELECT p.nodeid, COUNT(*) FROM users p\(session.dialect.using(TokenserverSchema.backlogIndex)) \
                WHERE \(backlog)\(BacklogStatements.uidFilter(scope)) AND p.nodeid + 0 IN \(list: nodes.map(\.rawValue)) \
                GROUP BY p.nodeid
                """
            )
            return Dictionary(
                try rows.map { (NodeID(try $0.integer(0)), Int(try $0.integer(1))) },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }

    private func counting<Result: Sendable>(
        limit: Duration,
        _ body: @escaping @Sendable (any SQLSession, End) throws -> Result
    ) async throws -> Result? {
        // The server would end the statement only if the interruption failed to.
        let options = ConnectionOptions(readOnly: true, statementTimeout: limit + Self.grace)
        let connection = try await translatingErrors { try await connector.connect(options) }
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
                    try await connection.withSession { try body($0, end) }
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
        let backlog = BacklogStatements(service: service, cutoff: scope.cutoff).purgeable(replacedAfter: nil)
        let filter = BacklogStatements.uidFilter(scope)
        let index = session.dialect.using(TokenserverSchema.backlogIndex)
        func row(_ statement: SQLStatement) throws -> SQLRow? {
            if end.isDue { throw SQLError.interrupted }
            return try session.query(statement).first
        }
        let all = try row(
            "SELECT COUNT(*), MIN(p.replaced_at) FROM users p\(index) WHERE \(backlog)\(filter)"
        )
        let downed = try session.query("SELECT id FROM nodes WHERE downed <> 0")
            .map { try $0.integer(0) }
        var waiting: SQLRow?
        if !downed.isEmpty {
            // Which node a record names is not in the index, so the rows are read only where it matters.
            let nodes: SQLStatement = " AND p.nodeid + 0 IN \(list: downed)"
            waiting = try row(
                "SELECT COUNT(*) FROM users p\(index) WHERE \(backlog)\(filter)\(nodes)"
            )
        }
        return BacklogSize(
            purgeable: Int(try all?.integer(0) ?? 0),
            waitingForDownedNodes: Int(try waiting?.integer(0) ?? 0),
            oldest: try all?.optionalInteger(1).map { Timestamp($0) }
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
