package import SyncTokens

/// What the operator allows, as far as one record's decision depends on it.
package struct PurgePolicy: Sendable {
    /// `--force`: also purge records whose node is marked as down.
    package var forcesDownedNodes = false
    /// `--override_node`: where the deletes of downed nodes' records go. It has an effect only with `--force`.
    package var overrideNode: ServiceURL?
    package var storageTypes = StorageTypes()
    /// `--purge-unassigned`: also delete what the next login of a user without a node would get back.
    package var purgesUnassigned = false
    /// `--accept-unaddressable`: delete a deleted account's record on Spanner although its data can't be found.
    package var acceptsUnaddressable = false
    /// `--gone-node`: missing node ids that the operator confirmed, however many records name them.
    package var confirmedGoneNodes: Set<NodeID> = []
    /// `--hold-mass`: more records than this of one node with one and the same `replaced_at` are held; nil for no limit.
    package var mostAtAStroke: Int?
    /// `--confirm-mass`: node ids of which that was meant.
    package var confirmedMasses: Set<NodeID> = []
    /// `--keep-last-record`: a user without an active record keeps the current one, unless the account is deleted.
    package var keepsLastRecords = false
    /// Whether a deleted account's tombstone goes last on every storage, and not only where a decision rests on it.
    package var keepsTombstonesLast = false
    /// How long after a record was replaced its owner can still have written with an old token; nil for
    /// `--no-write-check`. The life of a token and five minutes.
    package var writeMargin: Duration? = .seconds(3600 + 300)

    package init() {}

    /// The override node, if it has an effect.
    var effectiveOverride: ServiceURL? { forcesDownedNodes ? overrideNode : nil }
}
