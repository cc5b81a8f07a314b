/// How a store meets a database that has trouble in mid-run.
package struct Resilience: Sendable {
    /// How long to go on trying when the database is unreachable, or can't serve now, before giving up.
    package var patience: Duration
    /// How often a statement is tried that finds its rows locked, is a deadlock's victim, or takes too long.
    var busyAttempts = 10
    /// Told, in one line, when the database is lost and when it is back.
    package var report: @Sendable (String) -> Void

    package init(patience: Duration = .seconds(60), report: @escaping @Sendable (String) -> Void = { _ in }) {
        self.patience = patience
        self.report = report
    }
}

/// COMMIT was sent and never answered: the transaction is settled or not.
struct CommitUnanswered: Error {
    let text: String
}

extension SQLSession {
    /// Runs the body in a transaction that writes; any error rolls it back. Throws ``CommitUnanswered`` if the
    /// connection was lost while committing.
    func inWritingTransaction<Result>(_ body: () throws -> Result) throws -> Result {
        try begin()
        let result: Result
        do {
            result = try body()
        } catch {
            throw rolledBack(after: error)
        }
        do {
            try execute("COMMIT")
        } catch SQLError.unreachable(let text) {
            throw CommitUnanswered(text: text)
        } catch {
            throw rolledBack(after: error)
        }
        return result
    }

    /// - Returns: the error to throw: the first one, unless the transaction may still be open, which makes the connection
    ///   one of no more use.
    private func rolledBack(after error: any Error) -> any Error {
        do {
            try rollBack()
        } catch let failure {
            if case SQLError.unreachable = error { return error }
            return SQLError.unreachable("\(error); then the transaction could not be rolled back: \(failure)")
        }
        return error
    }

    /// Runs the body in a transaction that may write, and rolls it back.
    func inTrialTransaction(_ body: () throws -> Void) throws {
        try begin()
        do {
            try body()
        } catch {
            throw rolledBack(after: error)
        }
        try rollBack()
    }

    /// Throws unless the server can be written to.
    func checkPrimary() throws {
        guard let check = dialect.readOnlyCheck else { return }
        if try query(SQLStatement(stringLiteral: check)).first?.integer(0) != 0 {
            throw SQLError.unreachable(
                "the database server is read-only or a standby; the URL must lead to the primary"
            )
        }
    }
}
