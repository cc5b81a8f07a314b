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

    package init(_ entry: BacklogEntry, _ action: PurgeAction) {
        let (verb, reason): (Verb, String) =
            switch action {
            case .purge(let deletion): (.purge, deletion.kind.rawValue)
            case .deleteRecord(let kind): (.deleteRecord, kind.rawValue)
            case .hold(let reason): (.hold, reason.rawValue)
            case .wait(let reason): (.wait, reason.rawValue)
            case .fail(let reason): (.fail, reason.rawValue)
            }
        let deletion: DataDeletion? = if case .purge(let deletion) = action { deletion } else { nil }
        self.init(
            uid: entry.record.uid,
            node: entry.record.nodeID,
            replacedAt: entry.replacedAt,
            verb: verb,
            reason: reason,
            target: deletion?.target.text,
            keys: deletion?.keys.count
        )
    }

    /// Whether it changes anything, and so may be carried out.
    package var isChange: Bool { verb == .purge || verb == .deleteRecord }

    /// Whether what was decided now is what the plan names: the same kind of deletion, at the same place.
    package func allows(_ action: PurgeAction, of entry: BacklogEntry) -> Bool {
        isChange && self == PlannedRecord(entry, action)
    }
}
