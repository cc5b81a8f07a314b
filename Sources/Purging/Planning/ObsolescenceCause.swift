/// Why a record became obsolete, as far as its user's records tell.
package enum ObsolescenceCause: String, Sendable, CaseIterable {
    /// The account was deleted.
    case deletedAccount = "deleted_account"
    /// The user has an active record: a new key, a new node, or a race put it in this one's place.
    case replaced
    /// The user has no active record: the node was unassigned, and the user didn't log in since.
    case unassigned
}

extension BacklogEntry {
    /// Read off the record and its user's others.
    package var cause: ObsolescenceCause {
        if isAccountDeleted { return .deletedAccount }
        return others.contains(where: \.isActive) ? .replaced : .unassigned
    }
}
