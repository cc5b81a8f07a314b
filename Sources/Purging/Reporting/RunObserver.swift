/// Something that happened in a run, for logs, metrics and the progress line. Events are past tense.
package enum RunEvent: Sendable {
    /// A run could not begin, as the database could not be opened.
    case notBegun
    /// - Parameter shard: which the run is about; nil for the whole backlog.
    case started(Shard?)
    /// The count of the backlog began; it tells of this moment.
    case backlogCountBegan
    /// The backlog was counted beside the run.
    case backlogCounted(BacklogSize, now: Timestamp)
    /// The count took too long, or failed, and was given up.
    case backlogNotCounted(String)
    case pageRead(records: Int)
    /// A node confirmed the deletion of a record's data.
    case dataDeleted(UID, node: String, DeletionKind, elapsed: Duration)
    case recordDeleted(UID, NodeID, DeletionKind)
    /// - Parameter until: when the hold ends by itself, if it does.
    case recordHeld(UID, NodeID, HoldReason, until: Timestamp?)
    case recordFailed(UID, NodeID, FailureReason)
    /// A record can't be purged, as a field of it, or its node's URL, is not as it must be. It stays as it is, and fails.
    case recordMalformed(UID, NodeID, problem: String)
    /// The database refused to delete or to move a record, in these words.
    case databaseRefused(UID, NodeID, String)
    /// A failed record could not be deferred.
    case deferralFailed(UID)
    /// A record changed after it was decided on, and was left alone.
    case recordChanged(UID)
    /// A request ended: with this HTTP status, or without one for a reason of a closed set.
    case answered(node: String, answer: String)
    /// A node answered something other than a confirmation, or not at all.
    case errorAnswered(UID, node: String, NodeAnswer.Verdict)
    /// As many requests are in flight as this machine's limit of open files allows. Told once in a run.
    case requestsLimited(Int)
    /// A request could not be sent for want of something on this machine.
    case machineShort(String)
    /// - Parameter problem: what it answered last, in words, where it is in trouble.
    case nodeChanged(node: String, NodeGate.Change, problem: String?)
    /// A node's row holds no usable URL. Told once for each node and run.
    case nodeMalformed(NodeID, problem: String)
    /// Such a confirmation came from the override node instead of the record's own.
    case deletionRedirected
    /// Nothing new is sent for now; nil when it is again.
    case paused(PauseReason?)
    /// `--max-records` was reached.
    case limitReached
    /// Nothing but time brings the run on: the nodes that it waits for, about once a second.
    case waiting([NodeWait])
    /// Counts so far: with each batch, and about once a second while the run isn't paused.
    case progressed(done: Int, held: Int, failed: Int)
    case finished(RunSummary)
}

/// Watches a run. Called in order, from one task at a time; it must be quick and must not block.
package protocol RunObserver: Sendable {
    func observe(_ event: RunEvent)
}
