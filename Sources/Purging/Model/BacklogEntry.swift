/// A purgeable record together with what a decision about it rests on, all read at one moment.
package struct BacklogEntry: Sendable {
    package let record: UserRecord
    /// The same user's other records, as the database matches users; active ones included, in no particular order.
    package let others: [UserRecord]
    /// Records of the same account that Tokenserver takes for other users', as their e-mail has another domain, in a group
    /// for each such user. On storage keyed by account they share their data with this one.
    package let kin: [[UserRecord]]
    package let replacedAt: Timestamp
    package let key: BacklogKey
    /// What a plan says about the record; nil if no plan is being carried out.
    package private(set) var planned: PlannedRecord?

    /// Fails if the record is active: such a record is never in the backlog.
    ///
    /// - Parameter tiebreaker: of the record's place; the uid unless the store orders otherwise.
    package init?(record: UserRecord, others: [UserRecord], kin: [[UserRecord]] = [], tiebreaker: Int64? = nil) {
        guard let replacedAt = record.replacedAt else { return nil }
        let key = BacklogKey(replacedAt: replacedAt, tiebreaker: tiebreaker ?? record.uid.rawValue)
        self.init(record: record, others: others, kin: kin, key: key)
    }

    /// - Parameter key: the place at which the backlog has the record, even if it was replaced anew since.
    package init?(record: UserRecord, others: [UserRecord], kin: [[UserRecord]] = [], key: BacklogKey) {
        guard let replacedAt = record.replacedAt else { return nil }
        self.record = record
        self.others = others
        self.kin = kin
        self.replacedAt = replacedAt
        self.key = key
    }

    /// All records of the account, in a group for each Tokenserver user.
    package var users: [[UserRecord]] { [[record] + others] + kin }

    /// Whether some record of the account was marked when the account was deleted.
    var isAccountDeleted: Bool { users.joined().contains(where: \.isTombstone) }

    /// The same, as a plan names it.
    ///
    /// - Parameter key: its place in the plan; nil leaves it as it is.
    package func planned(as planned: PlannedRecord?, at key: BacklogKey? = nil) -> BacklogEntry {
        guard var entry = BacklogEntry(record: record, others: others, kin: kin, key: key ?? self.key) else {
            return self
        }
        entry.planned = planned
        return entry
    }
}
