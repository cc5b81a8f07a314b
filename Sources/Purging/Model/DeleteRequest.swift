package import SyncTokens

/// One signed DELETE of one user's data.
package struct DeleteRequest: Sendable {
    package let target: ServiceURL
    package let uid: UID
    package let fxaUID: String
    package let key: KeyID
    /// If the user's storage was modified after this, the node is asked to delete nothing; nil sends no condition.
    package let unmodifiedSince: Timestamp?
    /// The request must not leave this machine after this moment, as the decision behind it is too old then (law 3).
    /// Whoever writes it to a connection checks this, for a second signature too; nil for no such limit.
    package let notAfter: ContinuousClock.Instant?

    package init(
        target: ServiceURL,
        uid: UID,
        fxaUID: String,
        key: KeyID,
        unmodifiedSince: Timestamp?,
        notAfter: ContinuousClock.Instant? = nil
    ) {
        self.target = target
        self.uid = uid
        self.fxaUID = fxaUID
        self.key = key
        self.unmodifiedSince = unmodifiedSince
        self.notAfter = notAfter
    }
}
