/// A record whose data is to be deleted, on its way through the dispatcher.
package struct Job: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package var entry: BacklogEntry
    package var deletion: DataDeletion
    /// When the decision's facts were read.
    package var readAt: Instant
    /// How many of the deletion's keys the node has confirmed.
    package var confirmedKeys = 0
    package var attempts = 0
    /// Whether it holds a place in the send budget.
    package var isReserved = false
    /// Whether some attempt may have deleted data although it was not confirmed.
    var mayHaveBeenCarriedOut = false
    /// The node's good answers when the first attempt failed.
    var goodAnswersAtFirstFailure: Int?
    /// Not to be sent before this.
    var notBefore: Instant?

    package init(entry: BacklogEntry, deletion: DataDeletion, readAt: Instant) {
        self.entry = entry
        self.deletion = deletion
        self.readAt = readAt
    }

    package var uid: UID { entry.record.uid }

    var request: DeleteRequest {
        DeleteRequest(
            target: deletion.target,
            uid: uid,
            fxaUID: entry.record.email.fxaUID,
            key: deletion.keys[min(confirmedKeys, deletion.keys.count - 1)],
            unmodifiedSince: deletion.unmodifiedSince
        )
    }
}
