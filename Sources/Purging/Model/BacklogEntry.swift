/// A purgeable record together with what a decision about it rests on, all read at one moment.
package struct BacklogEntry: Sendable {
    package let record: UserRecord
    /// The same user's other records, active ones included, in no particular order.
    package let others: [UserRecord]
    package let replacedAt: Milliseconds
    package let key: BacklogKey

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
}
