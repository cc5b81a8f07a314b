/// A line of the audit log.
package enum AuditEntry: Sendable, Equatable {
    case intended(AuditIntent)
    case ended(AuditOutcome)

    /// Of the record's account.
    package var email: AccountEmail? {
        switch self {
        case .intended(let intent): intent.email
        case .ended(let outcome): outcome.intent.email
        }
    }
}

/// Where a run writes down what it is about to do, and what came of it.
package protocol AuditJournal: Sendable {
    /// Appends the entries in their order. All that was appended so far is on disk when this returns, if `isDurable`.
    ///
    /// One call at a time. After an error nothing more is appended by that run.
    ///
    /// - Throws: ``AuditFailure``
    func append(_ entries: [AuditEntry], isDurable: Bool) async throws

    /// Has all that was appended on disk, at a run's end.
    ///
    /// - Returns: the line that stands for all of it; nil if nothing was appended since the last time.
    /// - Throws: ``AuditFailure``
    func seal() async throws -> AuditHead?
}

/// The audit log can't be written, with what an operator needs to know.
package struct AuditFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}
