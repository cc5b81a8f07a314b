import SyncTokens

/// One line of a plan: what a dry run found is to be done about one record.
package struct PlannedRecord: Sendable, Equatable {
    package enum Verb: String, Sendable, CaseIterable {
        case purge
        case deleteRecord = "delete_record"
        case hold, wait, fail
    }

    package let uid: UID
    package let node: NodeID
    package let replacedAt: Timestamp
    package let verb: Verb
    /// Why: the word of a ``DeletionKind``, ``HoldReason``, ``WaitReason`` or ``FailureReason``.
    package let reason: String
    /// Where the data is to be deleted; for ``Verb/purge`` only.
    package let target: String?
    /// Under how many keys; for ``Verb/purge`` only.
    package let keys: Int?

    package init(
        uid: UID,
        node: NodeID,
        replacedAt: Timestamp,
        verb: Verb,
        reason: String,
        target: String?,
        keys: Int? = nil
    ) {
        self.uid = uid
        self.node = node
        self.replacedAt = replacedAt
        self.verb = verb
        self.reason = reason
        self.target = target
        self.keys = keys
    }

    /// Whether it changes anything, and so may be carried out.
    var isChange: Bool { verb == .purge || verb == .deleteRecord }
}
