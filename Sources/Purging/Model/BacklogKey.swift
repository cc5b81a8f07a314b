/// A place in the backlog's order: (replaced_at, uid).
package struct BacklogKey: Hashable, Comparable, Sendable {
    package let replacedAt: Milliseconds
    package let uid: UID

    package init(replacedAt: Milliseconds, uid: UID) {
        self.replacedAt = replacedAt
        self.uid = uid
    }

    package static func < (lhs: BacklogKey, rhs: BacklogKey) -> Bool {
        (lhs.replacedAt, lhs.uid) < (rhs.replacedAt, rhs.uid)
    }

    /// The place just before this one, so that "after the predecessor" includes this one.
    var predecessor: BacklogKey {
        if uid.rawValue > .min {
            return BacklogKey(replacedAt: replacedAt, uid: UID(uid.rawValue - 1))
        }
        return BacklogKey(replacedAt: replacedAt.advanced(by: .milliseconds(-1)), uid: UID(.max))
    }

    /// A place behind every record.
    static let end = BacklogKey(replacedAt: Milliseconds(.max), uid: UID(.max))
}
