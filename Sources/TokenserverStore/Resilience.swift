/// How a store meets a database that has trouble in mid-run.
package struct Resilience: Sendable {
    /// How long to go on trying when the database is unreachable, or can't serve now, before giving up.
    package var patience: Duration
    /// How often a statement is tried that finds its rows locked, is a deadlock's victim, or takes too long.
    package var busyAttempts = 5
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
        try execute(SQLStatement(stringLiteral: dialect.beginWriting))
        let result: Result
        do {
            result = try body()
        } catch {
            // The first error is the one to tell. If this fails too, the transaction is over already.
            _ = try? execute("ROLLBACK")
            throw error
        }
        do {
            try execute("COMMIT")
        } catch SQLError.unreachable(let text) {
            throw CommitUnanswered(text: text)
        } catch {
            _ = try? execute("ROLLBACK")
            throw error
        }
        return result
    }
}
