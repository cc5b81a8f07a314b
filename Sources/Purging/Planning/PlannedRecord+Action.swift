import SyncTokens

extension PlannedRecord {
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

    /// Whether what was decided now is what the plan names: the same kind of deletion, at the same place.
    package func allows(_ action: PurgeAction, of entry: BacklogEntry) -> Bool {
        isChange && self == PlannedRecord(entry, action)
    }
}
