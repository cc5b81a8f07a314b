/// How old the backlog is, as far as that can be told at once.
package enum BacklogAge: Sendable, Equatable {
    case empty
    /// When the oldest purgeable record was replaced, those that are held or wait included.
    case oldest(Timestamp)
    /// The database answers, but would have to look for too long.
    case unknown
}

/// Asks the database for next to nothing, and often: whether it answers, and how old the backlog is.
package protocol BacklogProbe: Sendable {
    /// - Throws: ``StoreError`` if the database doesn't answer.
    func age(scope: BacklogScope) async throws -> BacklogAge
}
