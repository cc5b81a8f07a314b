package import Purging
import Synchronization

/// Looks for the backlog's oldest record, on a connection of its own that can't write.
///
/// It is opened when it is needed, and anew after an error, which is not retried: the next probe will tell.
package final class TokenserverProbe: BacklogProbe {
    private static let timeLimit = Duration.seconds(10)

    private struct Known: Sendable {
        let connection: any SQLConnection
        let service: Int64
    }

    private let connector: any SQLConnector
    private let known = Mutex<Known?>(nil)

    package init(connector: any SQLConnector) { self.connector = connector }

    package func oldest(scope: BacklogScope) async throws -> Milliseconds? {
        do {
            return try await translatingErrors {
                let known = try await self.open()
                return try await known.connection.withSession { session in
                    let backlog = BacklogStatements(service: known.service, cutoff: scope.cutoff)
                        .purgeable(replacedAfter: nil)
                    // The first entry of the index, as long as no range of uids is asked for.
                    return try session.query(
                        """
                        SELECT p.replaced_at FROM users p WHERE \(backlog)\(BacklogStatements.uidFilter(scope)) \
                        ORDER BY p.replaced_at LIMIT 1
                        """
                    ).first.map { Milliseconds(try $0.integer(0)) }
                }
            }
        } catch {
            known.withLock { $0 = nil }
            throw error
        }
    }

    private func open() async throws -> Known {
        if let known = known.withLock({ $0 }) { return known }
        let connection = try await connector.connect(
            ConnectionOptions(readOnly: true, statementTimeout: Self.timeLimit)
        )
        let service = try await connection.withSession { try TokenserverSchema(session: $0).serviceID() }
        let opened = Known(connection: connection, service: service)
        known.withLock { $0 = opened }
        return opened
    }
}
