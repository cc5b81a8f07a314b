import MySQLDriver
import PostgresDriver
import Purging
package import Steering
import Synchronization
package import TokenserverStore

/// `--replica`: how far a replica is behind. One that can't be asked, or doesn't replicate, counts as lagging.
package struct ReplicaBrake: Brake {
    private let replica: WatchedDatabase
    private let lag: any LagMeasure
    private let mostLag: Duration

    /// - Throws: ``BrakeError`` where the replica is not of the primary's kind, or such a database has none.
    package init(_ replica: any SQLConnector, of primary: any SQLConnector, mostLag: Duration) throws(BrakeError) {
        self.replica = WatchedDatabase(replica)
        self.mostLag = mostLag
        switch (primary, replica) {
        case (is PostgresConnector, is PostgresConnector): lag = PostgresLag(primary: WatchedDatabase(primary))
        case (is MySQLConnector, is MySQLConnector): lag = MySQLLag()
        default: throw BrakeError("\(replica.name) can't be a replica of the \(primary.name)")
        }
    }

    package var name: String { "the replica \(replica.name)" }

    package func ask() async throws -> BrakeReading {
        let behind = try await lag.lag(of: replica)
        if behind <= mostLag { return .free }
        return .busy("it is \(behind.components.seconds) s behind, more than --max-lag \(mostLag.components.seconds)")
    }
}

protocol LagMeasure: Sendable {
    func lag(of replica: WatchedDatabase) async throws -> Duration
}

/// By the replica's own word.
private struct MySQLLag: LagMeasure {
    /// The columns' names, in the words of newer and older servers.
    private static let columns = ["Seconds_Behind_Source", "Seconds_Behind_Master"]

    func lag(of replica: WatchedDatabase) async throws -> Duration {
        let seconds = try await replica.use { session -> [Int64?] in
            guard let session = session as? any NamedColumnsSession else { return [] }
            let rows = try Self.status(session)
            return try rows.map { row in
                guard let value = Self.columns.lazy.compactMap({ row[$0] }).first else {
                    throw SQLError.failed("it doesn't say how far it is behind")
                }
                if case .integer(let seconds) = value { return seconds }
                if case .text(let text) = value { return Int64(text) }
                return nil
            }
        }
        if seconds.isEmpty {
            throw SQLError.failed(
                "it is not a replica, or its user lacks REPLICATION CLIENT (MariaDB: REPLICA MONITOR)"
            )
        }
        // Of several sources the one furthest behind.
        let known = seconds.compactMap { $0 }
        guard known.count == seconds.count, let longest = known.max() else {
            throw SQLError.failed("its replication is not running")
        }
        return .seconds(longest)
    }

    private static func status(_ session: any NamedColumnsSession) throws -> [[String: SQLValue]] {
        do {
            return try session.namedQuery("SHOW REPLICA STATUS")
        } catch SQLError.failed {
            // Servers before MySQL 8.0.22 and MariaDB 10.5.
            return try session.namedQuery("SHOW SLAVE STATUS")
        }
    }
}

/// By where the primary was a while ago, and where the replica is: an idle primary is no lag, and no clock but ours counts.
private final class PostgresLag: LagMeasure {
    /// So far back it is remembered where the primary was.
    private static let most = 900

    private let primary: WatchedDatabase
    /// Where the primary was at some moments, the oldest first.
    private let seen = Mutex<[(position: Int64, at: ContinuousClock.Instant)]>([])

    init(primary: WatchedDatabase) { self.primary = primary }

    func lag(of replica: WatchedDatabase) async throws -> Duration {
        let position = try await primary.use { session in
            try session.query(
                """
                SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END \
                - '0/0'::pg_lsn)::bigint
                """
            ).first?.integer(0)
        }
        let now = ContinuousClock.now
        guard let position else { throw SQLError.failed("the primary doesn't say where it is") }
        let (isReplica, replayed, age) = try await replica.use { session -> (Bool, Int64?, Int64?) in
            let row = try session.query(
                """
                SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END, \
                (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint, \
                CEIL(EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp()))::bigint
                """
            ).first
            return (try row?.integer(0) == 1, row?.integerIfAny(1), row?.integerIfAny(2))
        }
        guard isReplica, let replayed else { throw SQLError.failed("it is not a replica") }
        return try seen.withLock { seen in
            seen.append((position, now))
            // What the replica has is of no use any more, but for the last of it.
            if let last = seen.lastIndex(where: { $0.position <= replayed }) { seen.removeFirst(last) }
            if seen.count > Self.most { seen.removeFirst(seen.count - Self.most) }
            guard let first = seen.first else { return .zero }
            if first.position <= replayed { return seen.count > 1 ? now - seen[1].at : .zero }
            // It has been behind since before we looked: by its last transaction's time.
            let since = now - first.at
            guard let age else { throw SQLError.failed("it has replayed nothing yet") }
            return max(since, .seconds(age))
        }
    }
}
