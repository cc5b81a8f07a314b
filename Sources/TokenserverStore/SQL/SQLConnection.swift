/// A connection as its driver sees it, used synchronously inside one closure, on a thread of the connection's own.
///
/// Its methods throw ``SQLError``.
package protocol SQLSession {
    var dialect: Dialect { get }

    func query(_ statement: SQLStatement) throws -> [SQLRow]

    /// - Returns: how many rows were changed.
    @discardableResult
    func execute(_ statement: SQLStatement) throws -> Int
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

/// Opens connections to one database.
package protocol SQLConnector: Sendable {
    /// - Parameter readOnly: whether the connection must be unable to write.
    func connect(readOnly: Bool) async throws -> any SQLConnection
}

extension SQLSession {
    /// Runs the body in a transaction; any error rolls it back.
    package func inTransaction<Result>(_ begin: String, _ body: () throws -> Result) throws -> Result {
        try execute(SQLStatement(stringLiteral: begin))
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // The first error is the one to tell. If this fails too, the transaction is over already.
            _ = try? execute("ROLLBACK")
            throw error
        }
    }
}
