import SyncTokens

/// The moment after which nobody should have written to a record's storage: what a node is asked to make sure of.
///
/// It is the latest moment at which a token for the data may have been given out, and a token's life and a margin more.
/// A deferral moves `replaced_at`, so the creation of the user's next record counts where it is earlier.
struct WriteCheck {
    let entry: BacklogEntry
    /// Nil for `--no-write-check`.
    let margin: Duration?

    /// For data that is the record's own, on storage keyed by uid.
    func ownMoment() -> Timestamp? { moment(of: [entry.record]) }

    /// For data that all of the account's records with this key share.
    func sharedMoment(_ key: KeyID) -> Timestamp? {
        let fxaUID = entry.record.email.fxaUID
        return moment(
            of: entry.users.joined().filter { $0.email.fxaUID == fxaUID && $0.keys?.contains(key) ?? false }
        )
    }

    private func moment(of records: [UserRecord]) -> Timestamp? {
        guard let margin else { return nil }
        // Until the account was deleted, its devices had every right.
        let deletion = entry.users.joined().filter(\.isTombstone).compactMap(\.replacedAt).max()
        return (records.compactMap(latestToken) + [deletion].compactMap { $0 }).max()?.advanced(by: margin)
    }

    /// The latest moment at which a token for an obsolete record may have been given out; nil for an active record.
    private func latestToken(_ record: UserRecord) -> Timestamp? {
        guard let replacedAt = record.replacedAt else { return nil }
        let user = entry.users.first { $0.contains { $0.uid == record.uid } } ?? []
        let next = user.lazy.filter { ($0.createdAt, $0.uid) > (record.createdAt, record.uid) }.map(\.createdAt).min()
        // One was given out when it was made, even if the replacement is dated back behind that.
        return max(record.createdAt, min(replacedAt, next ?? replacedAt))
    }
}
