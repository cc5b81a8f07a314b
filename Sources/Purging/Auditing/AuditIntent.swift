import SyncTokens

/// What is about to be done about one record, as the audit log has it before anything is done.
package struct AuditIntent: Sendable, Equatable {
    package let uid: UID
    package let node: NodeID
    package let replacedAt: Timestamp
    package let kind: DeletionKind
    /// Where the data is to be deleted; nil where only the record goes.
    package let target: String?
    /// Under how many keys, each with a request of its own.
    package let keys: Int
    /// See ``DeleteRequest/unmodifiedSince``.
    package let unmodifiedSince: Timestamp?

    package init(
        uid: UID,
        node: NodeID,
        replacedAt: Timestamp,
        kind: DeletionKind,
        target: String?,
        keys: Int,
        unmodifiedSince: Timestamp?
    ) {
        self.uid = uid
        self.node = node
        self.replacedAt = replacedAt
        self.kind = kind
        self.target = target
        self.keys = keys
        self.unmodifiedSince = unmodifiedSince
    }

    init(_ entry: BacklogEntry, _ deletion: DataDeletion) {
        self.init(
            uid: entry.record.uid,
            node: entry.record.nodeID,
            replacedAt: entry.replacedAt,
            kind: deletion.kind,
            target: deletion.target.text,
            keys: deletion.keys.count,
            unmodifiedSince: deletion.keys.compactMap(\.unmodifiedSince).max()
        )
    }

    /// Only the record goes.
    init(_ entry: BacklogEntry, _ kind: DeletionKind) {
        self.init(
            uid: entry.record.uid,
            node: entry.record.nodeID,
            replacedAt: entry.replacedAt,
            kind: kind,
            target: nil,
            keys: 0,
            unmodifiedSince: nil
        )
    }
}
