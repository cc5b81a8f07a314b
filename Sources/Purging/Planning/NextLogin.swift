import SyncTokens

/// What a user's next login can lead to: Tokenserver's own rule, and the only source of what must be kept.
///
/// Tokenserver takes the greatest of the user's records by (generation, created_at) for the current one, replaced or not
/// and whatever other record is active. If it is replaced, or its node is gone, the login makes a new record with its
/// generation, keys_changed_at and client_state, on any node.
struct NextLogin {
    /// A login looks at so many of a user's newest records.
    private static let recordsLookedAt = 20

    /// The records that may be the current one: equals can't be told apart, and a user may have more records than a login
    /// looks at.
    let current: [UserRecord]
    let active: [UserRecord]

    /// - Parameter records: all records of one Tokenserver user.
    init(_ records: [UserRecord]) {
        let lookedAt = records.sorted { $0.createdAt > $1.createdAt }.prefix(Self.recordsLookedAt)
        let candidates = Self.greatest(of: records) + Self.greatest(of: lookedAt)
        var seen: Set<UID> = []
        current = candidates.filter { seen.insert($0.uid).inserted }
        active = records.filter(\.isActive)
    }

    private static func greatest(of records: some Collection<UserRecord>) -> [UserRecord] {
        guard let greatest = records.map({ ($0.generation, $0.createdAt) }).max(by: { $0 < $1 }) else { return [] }
        return records.filter { ($0.generation, $0.createdAt) == greatest }
    }
}

extension UserRecord {
    /// Whether the record's key changes in place: a password change rewrites the generation, and the first client that
    /// tells keys_changed_at sets it, perhaps to a time that is older than the generation.
    var hasMovingKey: Bool { (keysChangedAt ?? 0) == 0 }
}
