/// A place in the backlog's order: (replaced_at, tiebreaker).
///
/// What orders records of one and the same `replaced_at` is the store's choice, as it depends on what its index can
/// give without a sort: the uid, or on PostgreSQL the row's place in its table. It holds for one run.
package struct BacklogKey: Hashable, Comparable, Sendable {
    package let replacedAt: Timestamp
    package let tiebreaker: Int64

    package init(replacedAt: Timestamp, tiebreaker: Int64) {
        self.replacedAt = replacedAt
        self.tiebreaker = tiebreaker
    }

    package static func < (lhs: BacklogKey, rhs: BacklogKey) -> Bool {
        (lhs.replacedAt, lhs.tiebreaker) < (rhs.replacedAt, rhs.tiebreaker)
    }

    /// The place just before this one, so that "after the predecessor" includes this one.
    var predecessor: BacklogKey {
        if tiebreaker > .min {
            return BacklogKey(replacedAt: replacedAt, tiebreaker: tiebreaker - 1)
        }
        return BacklogKey(replacedAt: replacedAt.advanced(by: .milliseconds(-1)), tiebreaker: .max)
    }

    /// A place behind every record.
    static let end = BacklogKey(replacedAt: Timestamp(.max), tiebreaker: .max)
}
