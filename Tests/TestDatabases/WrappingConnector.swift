package import TokenserverStore

/// A connector whose sessions a test puts something before.
package struct WrappingConnector: SQLConnector {
    private let connector: any SQLConnector
    private let connecting: @Sendable () throws -> Void
    private let wrap: @Sendable (any SQLSession) throws -> any SQLSession

    /// - Parameters:
    ///   - connecting: called before each connection is made.
    ///   - wrap: what is used instead of a session; called at each use of a connection.
    package init(
        _ connector: any SQLConnector,
        connecting: @escaping @Sendable () throws -> Void = {},
        wrap: @escaping @Sendable (any SQLSession) throws -> any SQLSession
    ) {
        self.connector = connector
        self.connecting = connecting
        self.wrap = wrap
    }

    package var name: String { connector.name }

    package func connect(_ options: ConnectionOptions) async throws -> any SQLConnection {
        try connecting()
        return Connection(connection: try await connector.connect(options), wrap: wrap)
    }

    private struct Connection: SQLConnection {
        let connection: any SQLConnection
        let wrap: @Sendable (any SQLSession) throws -> any SQLSession

        func withSession<Result: Sendable>(
            _ body: @escaping @Sendable (any SQLSession) throws -> Result
        ) async throws -> Result {
            try await connection.withSession { [wrap] in try body(try wrap($0)) }
        }

        func interrupt() { connection.interrupt() }
    }
}

/// A session that passes everything on, but for what it does itself.
package protocol ForwardingSession: SQLSession {
    var session: any SQLSession { get }
}

extension ForwardingSession {
    package var dialect: Dialect { session.dialect }

    package func begin() throws { try session.begin() }

    package func rollBack() throws { try session.rollBack() }

    package func query(_ statement: SQLStatement) throws -> [SQLRow] { try session.query(statement) }

    package func execute(_ statement: SQLStatement) throws -> Int { try session.execute(statement) }
}
