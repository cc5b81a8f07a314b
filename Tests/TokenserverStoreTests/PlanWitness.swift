import Foundation
import Synchronization
import TestDatabases
import TokenserverStore

/// A connector that asks the database, for every SELECT that passes through it, how it goes about it.
final class PlanWitness: SQLConnector, SQLConnection {
    private let connection: any SQLConnection
    private let collected = Mutex<[String]>([])

    init(_ connection: any SQLConnection) { self.connection = connection }

    private let asked = Mutex<[Bool]>([])

    /// Whether each connection that was asked for was to be unable to write.
    var readOnlyAsked: [Bool] { asked.withLock { $0 } }

    /// The steps of all plans.
    var steps: [String] { collected.withLock { $0 } }

    /// Forgets the plans so far.
    func forget() { collected.withLock { $0.removeAll() } }

    var name: String { "a witness" }

    func connect(_ options: ConnectionOptions) async throws -> any SQLConnection {
        asked.withLock { $0.append(options.readOnly) }
        return self
    }

    func withSession<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await connection.withSession { session in
            try body(Session(session: session, witness: self))
        }
    }

    func interrupt() { connection.interrupt() }

    private struct Session: ForwardingSession {
        let session: any SQLSession
        let witness: PlanWitness

        func query(_ statement: SQLStatement) throws -> [SQLRow] {
            let plan = try session.query("EXPLAIN QUERY PLAN \(statement)").map { try $0.text(3) }
            witness.collected.withLock { $0 += plan }
            return try session.query(statement)
        }
    }
}
