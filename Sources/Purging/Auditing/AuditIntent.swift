import SyncTokens

/// What is about to be done about one record, as the audit log has it before anything is done.
package struct AuditIntent: Sendable, Equatable {
    package let uid: UID
    package let node: NodeID
    package let replacedAt: Timestamp
    /// Whose record it is; nil where that isn't known any more. A journal may keep a pseudonym of it, never itself.
    package let email: AccountEmail?
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
        email: AccountEmail? = nil,
        kind: DeletionKind,
        target: String?,
        keys: Int,
        unmodifiedSince: Timestamp?
    ) {
        self.uid = uid
        self.node = node
        self.replacedAt = replacedAt
        self.email = email
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
            email: entry.record.email,
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
            email: entry.record.email,
            kind: kind,
            target: nil,
            keys: 0,
            unmodifiedSince: nil
        )
    }
}
