/// The few things in which the databases differ.
package struct Dialect: Sendable {
    /// The placeholder of the n-th bound value, counted from 1.
    package var placeholder: @Sendable (Int) -> String
    /// Begins a transaction that reads one snapshot and writes nothing.
    package var beginSnapshot: String
    /// Begins a transaction that writes.
    package var beginWriting: String
    /// What follows a SELECT whose rows are about to be changed.
    package var lockingClause: String
    /// The server's clock, in milliseconds since 1970.
    package var currentMilliseconds: String

    package init(
        placeholder: @escaping @Sendable (Int) -> String,
        beginSnapshot: String,
        beginWriting: String,
        lockingClause: String,
        currentMilliseconds: String
    ) {
        self.placeholder = placeholder
        self.beginSnapshot = beginSnapshot
        self.beginWriting = beginWriting
        self.lockingClause = lockingClause
        self.currentMilliseconds = currentMilliseconds
    }

    package static let sqlite = Dialect(
        placeholder: { _ in "?" },
        beginSnapshot: "BEGIN DEFERRED",
        // Takes the write lock at once: an upgrade from reading could fail with no way to wait.
        beginWriting: "BEGIN IMMEDIATE",
        // The whole database is locked already.
        lockingClause: "",
        currentMilliseconds: "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"
    )
}
