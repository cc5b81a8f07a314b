/// A purgeable record together with what a decision about it rests on, all read at one moment.
package struct BacklogEntry: Sendable {
    package let record: UserRecord
    /// The same user's other records, active ones included, in no particular order.
    package let others: [UserRecord]
    package let replacedAt: Milliseconds

    /// Fails if the record is active: such a record is never in the backlog.
    package init?(record: UserRecord, others: [UserRecord]) {
        guard let replacedAt = record.replacedAt else { return nil }
        self.record = record
        self.others = others
        self.replacedAt = replacedAt
    }

    package var key: BacklogKey { BacklogKey(replacedAt: replacedAt, uid: record.uid) }
}
