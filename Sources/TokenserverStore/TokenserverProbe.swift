package import Purging
import Synchronization

/// Looks for the backlog's oldest record, on a connection of its own that can't write.
///
/// It is opened when it is needed. One that was cut since the last question is replaced at once; other errors are told.
///
/// The oldest record is the first entry of an index, and found at once, unless the server has much to step over: what was
/// deleted and is not cleaned away yet, or what is outside of the range of uids. So a search is not waited for for long,
/// and takes a fiftieth of the time at most; where it isn't made, the server is only asked for an answer.
package final class TokenserverProbe: BacklogProbe {
    private static let timeLimit = Duration.seconds(5)
    /// So many times as long as a search took, no other one is made.
    private static let restBetweenSearches = 50.0
    /// A server that refuses a login locks the account where this is done too often.
    private static let restAfterRefusal = Duration.seconds(60)

    private struct Known: Sendable {
        let connection: any SQLConnection
        let service: Int64
    }

    private struct State: Sendable {
        var known: Known?
        var nextSearch: ContinuousClock.Instant?
        var refusal: (error: SQLError, until: ContinuousClock.Instant)?
    }

    private let connector: any SQLConnector
    private let needsPrimary: Bool
    private let time: any TimeSource
    private let state = Mutex(State())

    /// - Parameter needsPrimary: whether what a replica says doesn't count.
    package init(connector: any SQLConnector, needsPrimary: Bool, time: any TimeSource) {
        self.connector = connector
        self.needsPrimary = needsPrimary
        self.time = time
    }

    package func age(scope: BacklogScope) async throws -> BacklogAge {
        try await translatingErrors {
            let (kept, refusal) = state.withLock { ($0.known, $0.refusal) }
            if let kept {
                do {
                    return try await ask(kept, scope)
                } catch SQLError.unreachable {
                    // It may have been idle for longer than somebody allows.
                }
            } else if let refusal, time.now < refusal.until {
                throw refusal.error
            }
            return try await ask(try await open(), scope)
        }
    }

    private func ask(_ known: Known, _ scope: BacklogScope) async throws -> BacklogAge {
        let begin = time.now
        let isDue = state.withLock { $0.nextSearch.map { $0 <= begin } ?? true }
        do {
            let age = try await known.connection.withSession { [needsPrimary] session in
                // The server may have been the primary before.
                if needsPrimary { try session.checkPrimary() }
                return isDue ? try Self.search(session, known.service, scope) : try Self.answer(session)
            }
            if isDue {
                let rest = (time.now - begin) * Self.restBetweenSearches
                state.withLock { $0.nextSearch = begin + rest }
            }
            return age
        } catch {
            state.withLock { $0.known = nil }
            throw error
        }
    }

    private static func answer(_ session: any SQLSession) throws -> BacklogAge {
        _ = try session.query("SELECT 1")
        return .unknown
    }

    private static func search(
        _ session: any SQLSession,
        _ service: Int64,
        _ scope: BacklogScope
    ) throws -> BacklogAge {
        let backlog = BacklogStatements(service: service, cutoff: scope.cutoff).purgeable(replacedAfter: nil)
        let index = session.dialect.using(TokenserverSchema.backlogIndex)
        do {
            let first = try session.query(
                """
                SELECT p.replaced_at FROM users p\(index) WHERE \(backlog)\(BacklogStatements.uidFilter(scope)) \
                ORDER BY p.replaced_at LIMIT 1
                """
            ).first
            return try first.map { .oldest(Timestamp(try $0.integer(0))) } ?? .empty
        } catch SQLError.busy {
            // It took longer than its time.
            return .unknown
        }
    }

    private func open() async throws -> Known {
        do {
            let connection = try await connector.connect(
                ConnectionOptions(readOnly: true, statementTimeout: Self.timeLimit, needsPrimary: needsPrimary)
            )
            let service = try await connection.withSession { try TokenserverSchema(session: $0).serviceID() }
            let opened = Known(connection: connection, service: service)
            state.withLock { state in
                state.known = opened
                state.refusal = nil
            }
            return opened
        } catch let error as SQLError {
            if case .refused = error {
                let until = time.now + Self.restAfterRefusal
                state.withLock { $0.refusal = (error, until) }
            }
            throw error
        }
    }
}
