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
        if let sqlite = connector as? SQLiteConnector { return FileShardLocks(database: sqlite.path) }
        let locks = SessionShardLocks(connector: connector)
        try await locks.checkSession()
        return locks
    }
}
