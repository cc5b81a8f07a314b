/// Asks the database for next to nothing, and often: whether it answers, and how old the backlog is.
package protocol BacklogProbe: Sendable {
    /// When the oldest purgeable record was replaced, those that are held or wait included.
    ///
    /// - Returns: nil for an empty backlog.
    /// - Throws: ``StoreError`` if the database doesn't answer.
    func oldest(scope: BacklogScope) async throws -> Milliseconds?
}
