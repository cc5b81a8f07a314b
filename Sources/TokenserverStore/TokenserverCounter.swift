package import Purging

/// Counts the backlog on a connection of its own, which is opened for each count.
package struct TokenserverCounter: BacklogCounter {
    private let connector: any SQLConnector

    package init(connector: any SQLConnector) { self.connector = connector }

    /// Ends early, with nil, also when the task is cancelled.
    package func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? {
        let connection = try await connector.connect(readOnly: true)
        return try await withTaskCancellationHandler {
            let timer = Task {
                try await Task.sleep(for: limit)
                connection.interrupt()
            }
            defer { timer.cancel() }
            do {
                return try await translatingErrors {
                    try await connection.withSession { try Self.count($0, scope: scope) }
                }
            } catch SQLError.interrupted {
                return nil
            }
        } onCancel: {
            connection.interrupt()
        }
    }

    private static func count(_ session: any SQLSession, scope: BacklogScope) throws -> BacklogSize {
        let service = try TokenserverSchema(session: session).serviceID()
        let statements = BacklogStatements(service: service, scope: scope)
        func count(_ columns: SQLStatement, _ nodes: NodeFilter) throws -> SQLRow? {
            guard let backlog = statements.later(after: nil, upTo: nil, select: columns) else { return nil }
            return try session.query("\(backlog)\(statements.filter(nodes))").first
        }
        let all = try count("COUNT(*), MIN(p.replaced_at)", .all)
        let downed = try session.query("SELECT id FROM nodes WHERE service = \(service) AND downed <> 0")
            .map { NodeID(try $0.integer(0)) }
        // Which node a record names is not in the index, so the rows are read only where it matters.
        let waiting = downed.isEmpty ? nil : try count("COUNT(*)", .only(Set(downed)))
        return BacklogSize(
            purgeable: Int(try all?.integer(0) ?? 0),
            waitingForDownedNodes: Int(try waiting?.integer(0) ?? 0),
            oldest: try all?.optionalInteger(1).map { Milliseconds($0) }
        )
    }
}
