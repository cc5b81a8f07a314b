import MySQLDriver
import PostgresDriver
package import Purging
import SQLiteDriver
package import TokenserverStore

/// The database that a URL names, of whichever kind.
package enum Database {
    private static let forms =
        "give --database-url mysql://user:password@host/database, postgres://user:password@host/database,"
        + " or sqlite:///absolute.db"

    /// What connects to the database. Opens nothing yet.
    ///
    /// - Parameter createsFile: whether a SQLite file that is missing is made.
    package static func connector(
        _ url: String,
        createsFile: Bool = false
    ) throws(DatabaseURLError) -> any SQLConnector {
        guard let colon = url.firstIndex(of: ":") else {
            throw DatabaseURLError(problem: "the database URL has no scheme", remedy: forms)
        }
        // SQLAlchemy names its own driver behind a plus sign.
        switch url[..<colon].split(separator: "+", omittingEmptySubsequences: false).first?.lowercased() {
        case "sqlite", "sqlite3": return SQLiteConnector(path: try SQLiteURL(url).path, createsFile: createsFile)
        case "mysql", "mariadb": return try MySQLConnector(url: url)
        case "postgres", "postgresql": return try PostgresConnector(url: url)
        default: throw DatabaseURLError(problem: "the database URL has an unknown scheme", remedy: forms)
        }
    }

    /// Locks for those who share this database's backlog: of a session of the server, or on files beside a SQLite
    /// database.
    ///
    /// - Throws: ``StoreError`` if they can't be relied on.
    package static func shardLocks(_ connector: any SQLConnector) async throws -> any ShardLocks {
        let (locks, unreliability) = try await locks(connector)
        switch unreliability {
        case .galera:
            throw StoreError.failed(
                "--shards can't be used on a Galera cluster, whose servers know only their own locks;"
                    + " give each instance its shard with --shard I/N"
            )
        case .pooler:
            throw StoreError.failed(
                "--shards needs a direct connection, but a pooler in transaction mode is in between, where a lock has"
                    + " no session to belong to; connect directly, or give each instance its shard with --shard I/N"
            )
        case nil: return locks
        }
    }

    /// Locks by which instances notice each other; nil where they can't be relied on.
    ///
    /// - Throws: ``StoreError`` if that can't be told.
    package static func overlapLocks(_ connector: any SQLConnector) async throws -> (any ShardLocks)? {
        let (locks, unreliability) = try await locks(connector)
        return unreliability == nil ? locks : nil
    }

    private static func locks(
        _ connector: any SQLConnector
    ) async throws -> (any ShardLocks, SessionShardLocks.Unreliability?) {
        if let sqlite = connector as? SQLiteConnector { return (FileShardLocks(database: sqlite.path), nil) }
        let locks = SessionShardLocks(connector: connector)
        return (locks, try await locks.checkSession())
    }
}
