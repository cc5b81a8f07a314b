package import Purging
import Synchronization

/// Shards as named locks of a database session (`GET_LOCK`, `pg_try_advisory_lock`), on a connection of its own.
///
/// The server frees them when the session ends, however it ends, so a program that dies leaves nothing behind. They
/// hold only where the connection is a session of one server: ``checkSession()`` tells.
package final class SessionShardLocks: ShardLocks {
    /// Whoever has a lock uses its session every half minute, so a session that says nothing for longer is one whose end the
    /// server was not told of; it must not keep the lock for hours.
    private static let options = ConnectionOptions(
        readOnly: true,
        statementTimeout: .seconds(10),
        idleTimeout: .seconds(150)
    )

    /// How often two connections are compared.
    private static let repetitions = 8

    private let connector: any SQLConnector
    /// The session that has the locks, from the first lock on until it is lost.
    private let session = Mutex<(any SQLConnection)?>(nil)

    package init(connector: any SQLConnector) { self.connector = connector }

    package func tryLock(_ shard: Shard) async throws -> Bool {
        do {
            let connection = try await open()
            return try await connection.withSession { session in
                try session.checkPrimary()
                return try ShardLockStatements(session: session).take(shard)
            }
        } catch {
            session.withLock { $0 = nil }
            throw storeError(error)
        }
    }

    package func verify(_ shard: Shard) async throws {
        guard let connection = session.withLock({ $0 }) else {
            throw ShardLost(shard, why: "the database session that held it is gone")
        }
        let isOurs: Bool
        do {
            isOurs = try await connection.withSession { session in
                // A lock of a server that was the primary is none.
                try session.checkPrimary()
                return try ShardLockStatements(session: session).isTaken(shard)
            }
        } catch {
            session.withLock { $0 = nil }
            throw ShardLost(shard, why: "\(storeError(error))")
        }
        if !isOurs {
            session.withLock { $0 = nil }
            throw ShardLost(shard, why: "its lock is gone from the database session")
        }
    }

    package func unlock(_ shard: Shard) async {
        guard let connection = session.withLock({ $0 }) else { return }
        do {
            try await connection.withSession { try ShardLockStatements(session: $0).free(shard) }
        } catch {
            session.withLock { $0 = nil }
        }
    }

    private func open() async throws -> any SQLConnection {
        if let open = session.withLock({ $0 }) { return open }
        let fresh = try await connector.connect(Self.options)
        session.withLock { $0 = fresh }
        return fresh
    }

    package func holder(of shard: Shard) async -> String? {
        guard let connection = try? await open() else { return nil }
        return try? await connection.withSession { try ShardLockStatements(session: $0).holder(of: shard) }
    }

    /// Why locks of a session can't be relied on.
    package enum Unreliability: Sendable {
        /// A cluster whose servers know only their own locks.
        case galera
        /// A pooler that gives each transaction another session.
        case pooler
    }

    /// Finds out whether locks of a session can be relied on.
    ///
    /// - Returns: nil if they can.
    /// - Throws: ``StoreError``.
    package func checkSession() async throws -> Unreliability? {
        do {
            let (one, other) = (try await connector.connect(Self.options), try await connector.connect(Self.options))
            if try await one.withSession({ try ShardLockStatements(session: $0).isOnGalera() }) { return .galera }
            return try await Self.isShared(one, other) ? .pooler : nil
        } catch {
            throw storeError(error)
        }
    }

    /// Whether two connections may get one session, or one of them several. Leaves nothing behind in them.
    private static func isShared(_ one: any SQLConnection, _ other: any SQLConnection) async throws -> Bool {
        @Sendable func identity(_ session: any SQLSession) throws -> Int64 {
            try ShardLockStatements(session: session).identity()
        }
        // A pooler gives the session that was used last, or the one that was not used for longest, or any.
        var (ones, others): (Set<Int64>, Set<Int64>) = ([], [])
        for _ in 0..<repetitions {
            ones.insert(try await one.withSession(identity))
            others.insert(try await other.withSession(identity))
        }
        if ones.count > 1 || others.count > 1 || ones == others { return true }
        // In a transaction the other has a session for itself, so whoever was given it before gets a third.
        others.insert(
            try await other.withSession { session in
                try session.begin()
                return try identity(session)
            }
        )
        ones.insert(try await one.withSession(identity))
        try await other.withSession { _ = try $0.execute("ROLLBACK") }
        return ones.count > 1 || others.count > 1
    }
}
