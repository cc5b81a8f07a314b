package import SyncTokens

/// The deletion of one record's data on a storage node.
package struct DataDeletion: Sendable, Equatable {
    package let target: ServiceURL
    /// The keys under which the data is to be deleted, each with a request of its own; never empty.
    package let keys: [KeyID]
    /// See ``DeleteRequest/unmodifiedSince``.
    package let unmodifiedSince: Milliseconds?
    /// What the record counts as once its data is gone: ``DeletionKind/notDown`` or ``DeletionKind/force``.
    package let kind: DeletionKind
}

/// What is to be done about one record.
package enum PurgeAction: Sendable, Equatable {
    /// Have the data deleted, then delete the record.
    case purge(DataDeletion)
    /// Delete the record only; there is no data that is its own.
    case deleteRecord(DeletionKind)
    /// Leave it, and report it.
    case hold(HoldReason)
    /// Leave it for now.
    case wait(WaitReason)
    /// It can't be purged.
    case fail(FailureReason)
}
