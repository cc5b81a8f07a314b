package import Purging
import Synchronization

/// Looks for the backlog's oldest record, on a connection of its own that can't write.
///
/// It is opened when it is needed, and anew after an error, which is not retried: the next probe will tell.
///
/// The oldest record is the first entry of an index, and found at once, unless the server has much to step over that was
/// deleted and is not cleaned away yet; then it is not waited for. In a range of uids it could be anywhere, so there only
/// the server is asked for an answer.
package final class TokenserverProbe: BacklogProbe {
    private static let timeLimit = Duration.seconds(5)

    private struct Known: Sendable {
        let connection: any SQLConnection
        let service: Int64
    }

    private let connector: any SQLConnector
    private let known = Mutex<Known?>(nil)

    package init(connector: any SQLConnector) { self.connector = connector }

    package func age(scope: BacklogScope) async throws -> BacklogAge {
        do {
            return try await translatingErrors {
                let known = try await self.open()
                return try await known.connection.withSession { session in
                    let backlog = BacklogStatements(service: known.service, cutoff: scope.cutoff)
                        .purgeable(replacedAfter: nil)
                    if scope.limitsUIDs {
                        _ = try session.query("SELECT 1")
                        return .unknown
                    }
                    do {
                        let first = try session.query(
                            "SELECT p.replaced_at FROM users p WHERE \(backlog) ORDER BY p.replaced_at LIMIT 1"
                        ).first
                        return try first.map { .oldest(Milliseconds(try $0.integer(0))) } ?? .empty
                    } catch SQLError.busy {
                        return .unknown
                    }
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
