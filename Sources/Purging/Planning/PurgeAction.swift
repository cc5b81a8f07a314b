package import SyncTokens

/// The deletion of one record's data on a storage node.
package struct DataDeletion: Sendable, Equatable {
    /// One key under which data is to be deleted.
    package struct Key: Sendable, Equatable {
        package let id: KeyID
        /// See ``DeleteRequest/unmodifiedSince``.
        package let unmodifiedSince: Timestamp?

        package init(id: KeyID, unmodifiedSince: Timestamp?) {
            self.id = id
            self.unmodifiedSince = unmodifiedSince
        }
    }

    package let target: ServiceURL
    /// Each with a request of its own; never empty.
    package let keys: [Key]
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
