/// A purgeable record together with what a decision about it rests on, all read at one moment.
package struct BacklogEntry: Sendable {
    package let record: UserRecord
    /// The same user's other records, active ones included, in no particular order.
    package let others: [UserRecord]
    package let replacedAt: Milliseconds
    package let key: BacklogKey
    /// What a plan says about the record; nil if no plan is being carried out.
    package private(set) var planned: PlannedRecord?

    /// Fails if the record is active: such a record is never in the backlog.
    ///
    /// - Parameter tiebreaker: of the record's place; the uid unless the store orders otherwise.
    package init?(record: UserRecord, others: [UserRecord], tiebreaker: Int64? = nil) {
        guard let replacedAt = record.replacedAt else { return nil }
        let key = BacklogKey(replacedAt: replacedAt, tiebreaker: tiebreaker ?? record.uid.rawValue)
        self.init(record: record, others: others, key: key)
    }

    /// - Parameter key: the place at which the backlog has the record, even if it was replaced anew since.
    package init?(record: UserRecord, others: [UserRecord], key: BacklogKey) {
        guard let replacedAt = record.replacedAt else { return nil }
        self.record = record
        self.others = others
        self.replacedAt = replacedAt
        self.key = key
    }

    /// The same, as a plan names it.
    ///
    /// - Parameter key: its place in the plan; nil leaves it as it is.
    package func planned(as planned: PlannedRecord?, at key: BacklogKey? = nil) -> BacklogEntry {
        guard var entry = BacklogEntry(record: record, others: others, key: key ?? self.key) else { return self }
        entry.planned = planned
        return entry
    }
}
