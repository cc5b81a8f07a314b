/// A connection as its driver sees it, used synchronously inside one closure, on a thread of the connection's own.
///
/// Its methods throw ``SQLError``.
package protocol SQLSession {
    var dialect: Dialect { get }

    /// Begins a transaction at READ COMMITTED, where the database has a choice, that may write if the connection may. It is
    /// ended by COMMIT or ``rollBack()``.
    func begin() throws

    /// Ends the transaction that is open, if one is: an error may have ended it already.
    func rollBack() throws

    func query(_ statement: SQLStatement) throws -> [SQLRow]

    /// - Returns: how many rows were changed.
    @discardableResult
    func execute(_ statement: SQLStatement) throws -> Int
}

/// A session whose results have names, for statements whose columns differ from server to server.
package protocol NamedColumnsSession: SQLSession {
    func namedQuery(_ statement: SQLStatement) throws -> [[String: SQLValue]]
}

/// One connection to a database.
///
/// Uses of one connection run one after the other. They block a thread that is not the concurrency pool's, and task
/// cancellation doesn't end them: what was begun is finished.
package protocol SQLConnection: Sendable {
    func withSession<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result

    /// Ends the statement that is running now, if one is; may be called from anywhere.
    func interrupt()
}

/// What a connection is opened for.
package struct ConnectionOptions: Sendable, Equatable {
    /// Whether the connection must be unable to write.
    package var readOnly: Bool
    /// After this time a statement is ended by the server, where it can, or else by its driver, and fails as busy.
    package var statementTimeout: Duration
    /// Whether a server that can't be written to, such as a replica, is none: what it says may be old.
    package var needsPrimary: Bool
    /// After this time without a statement a MySQL server ends the session, whether or not it knows what became of the client;
    /// nil for the server's own limit, which is hours.
    package var idleTimeout: Duration?

    package init(
        readOnly: Bool,
        statementTimeout: Duration = .seconds(30),
        needsPrimary: Bool = false,
        idleTimeout: Duration? = nil
    ) {
        self.readOnly = readOnly
        self.statementTimeout = statementTimeout
        self.needsPrimary = needsPrimary
        self.idleTimeout = idleTimeout
    }
}

/// Opens connections to one database.
package protocol SQLConnector: Sendable {
    /// The database as it may be named in logs and errors: never with a password.
    var name: String { get }

    func connect(_ options: ConnectionOptions) async throws -> any SQLConnection
}
