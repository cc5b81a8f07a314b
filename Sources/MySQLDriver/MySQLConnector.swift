import CMariaDB
import Synchronization
package import TokenserverStore
import Support

/// Opens connections to a MySQL or MariaDB database.
package struct MySQLConnector: SQLConnector {
    private let url: MySQLURL

    package init(url: String) throws(DatabaseURLError) { self.url = try MySQLURL(url) }

    package var name: String { url.name() }

    package func connect(_ options: ConnectionOptions) async throws -> any SQLConnection {
        let queue = SerialQueue(label: "purge-old-records.mysql")
        let url = url
        return try await queue.run {
            let handle = try MySQLHandle(url, options: options)
            for statement in Self.settings(options, isMariaDB: handle.product == .mariaDB) { try handle.run(statement) }
            return MySQLConnection(handle: handle, queue: queue, url: url)
        }
    }

    /// A proxy that gives each transaction another session keeps one for who uses a variable of its own, which ours does
    /// before it sets anything. What makes a session unable to write is not among the settings (``MySQLHandle/execute(_:)``).
    private static func settings(_ options: ConnectionOptions, isMariaDB: Bool) -> [String] {
        let milliseconds = max(1, Int64(options.statementTimeout / .milliseconds(1)))
        let timeout =
            isMariaDB
            ? "max_statement_time = \(Double(milliseconds) / 1000)"
            // MySQL has a limit for SELECT only; the rest is bounded by the network's timeout.
            : "max_execution_time = \(milliseconds)"
        let idle = options.idleTimeout.map { ", wait_timeout = \($0.components.seconds)" } ?? ""
        return [
            "SET @purge_old_records = 1",
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            """
            SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 5, \
            sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
            \(timeout)\(idle)
            """,
        ]
    }
}

/// A connection to a MySQL or MariaDB database.
final class MySQLConnection: SQLConnection {
    private let handle: MySQLHandle
    private let queue: SerialQueue
    private let cancelQueue = SerialQueue(label: "purge-old-records.mysql.cancel")
    private let url: MySQLURL
    private let interruption = Mutex(Interruption.none)

    init(handle: MySQLHandle, queue: SerialQueue, url: MySQLURL) {
        self.handle = handle
        self.queue = queue
        self.url = url
    }

    /// The last word to the server may block, so it is not said where the last reference happened to be dropped.
    deinit { queue.submit { [handle] in handle.close() } }

    func withSession<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await queue.run { [handle] in try handle.reading { try body(MySQLSession(handle: handle)) } }
    }

    /// By a second connection, as the first is busy; a user may end what is its own.
    func interrupt() {
        handle.noteInterruption()
        // One at a time, or they would pile up where the server doesn't answer; but what comes while one is under way may
        // mean the next statement.
        let isFirst = interruption.withLock { state in
            defer { state = state == .none ? .underWay : .underWayAndWanted }
            return state == .none
        }
        guard isFirst else { return }
        cancelQueue.submit { [handle, url, self] in
            repeat {
                if let killer = try? MySQLHandle(
                    url,
                    options: ConnectionOptions(readOnly: false, statementTimeout: .seconds(5))
                ) {
                    try? killer.run("KILL QUERY \(handle.id)")
                }
            } while isWantedAgain()
        }
    }

    private func isWantedAgain() -> Bool {
        interruption.withLock { state in
            defer { state = state == .underWayAndWanted ? .underWay : .none }
            return state == .underWayAndWanted
        }
    }

    private enum Interruption {
        case none, underWay, underWayAndWanted
    }
}

/// A connection in use.
struct MySQLSession: NamedColumnsSession {
    let handle: MySQLHandle

    var dialect: Dialect { .mysql }

    func begin() throws { try handle.begin() }

    func rollBack() throws { try handle.run("ROLLBACK") }

    func query(_ statement: SQLStatement) throws -> [SQLRow] { try handle.execute(statement).rows }

    func namedQuery(_ statement: SQLStatement) throws -> [[String: SQLValue]] {
        let result = try handle.execute(statement)
        return result.rows.map { $0.named(result.columns) }
    }

    func execute(_ statement: SQLStatement) throws -> Int { try handle.execute(statement).changedRows }
}
