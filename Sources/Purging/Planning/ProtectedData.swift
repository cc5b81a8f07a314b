import SyncTokens

/// The data on storage keyed by account that a login could lead to, and which therefore must not be deleted.
///
/// Such data is told by (fxa_uid, fxa_kid), whatever node or e-mail domain a record names. Records that the database takes
/// for one user's although they spell the fxa_uid differently share none; but whoever logs in under one spelling is led to
/// the other one's key.
struct ProtectedData {
    /// By what a piece of data is protected, the strongest reason first.
    enum Protection: Sendable {
        /// It is an active record's.
        case active
        /// It may be an active record's: that one's storage is of unknown kind, its key can still change to this one, it
        /// spells the fxa_uid differently, or its node is gone.
        case perhapsActive
        /// It is what the user's next login gets back.
        case current
    }

    /// Keys, and client states whose key may still move in place.
    private struct Keys {
        var keys: Set<KeyID> = []
        var moving: Set<String> = []

        mutating func insert(_ record: UserRecord) {
            keys.formUnion(record.keys ?? [])
            if record.hasMovingKey { moving.insert(Self.state(of: record)) }
        }

        func lead(to key: KeyID, of record: UserRecord) -> Bool {
            keys.contains(key) || moving.contains(Self.state(of: record))
        }

        private static func state(of record: UserRecord) -> String { record.clientState.lowercased() }
    }

    /// Of one Tokenserver user.
    private struct User {
        let records: Set<UID>
        /// By the spelling of the fxa_uid: whose data it surely is.
        var active: [String: Set<KeyID>] = [:]
        var allActive: [String: Keys] = [:]
        var current: [String: Keys] = [:]
    }

    private var users: [User] = []

    init(_ entry: BacklogEntry, in directory: NodeDirectory, policy: PurgePolicy) {
        for records in entry.users {
            let login = NextLogin(records)
            var user = User(records: Set(records.map(\.uid)))
            for record in login.active { Self.protect(record, for: &user, in: directory) }
            let isLifted = entry.isAccountDeleted || (policy.purgesUnassigned && login.active.isEmpty)
            if !isLifted {
                // An active one is protected already, as far as its storage can share anything.
                for record in login.current where !record.isActive {
                    user.current[record.email.fxaUID, default: Keys()].insert(record)
                }
            }
            users.append(user)
        }
    }

    private static func protect(_ record: UserRecord, for user: inout User, in directory: NodeDirectory) {
        // Where its node is gone, the next login makes a copy on any node; until then the record itself leads to no data.
        let keying = directory[record.nodeID]?.keyingOfActiveRecords ?? .unknown
        if keying == .uid { return }
        let id = record.email.fxaUID
        if keying == .account { user.active[id, default: []].formUnion(record.keys ?? []) }
        user.allActive[id, default: Keys()].insert(record)
    }

    /// - Returns: nil if no login could lead to the record's data under this key.
    func protection(of key: KeyID, of record: UserRecord) -> Protection? {
        let id = record.email.fxaUID
        if users.contains(where: { $0.active[id]?.contains(key) ?? false }) { return .active }
        func leads(_ keys: (User) -> [String: Keys]) -> Bool {
            users.contains { user in
                keys(user).contains { spelling, keys in
                    (spelling == id || user.records.contains(record.uid)) && keys.lead(to: key, of: record)
                }
            }
        }
        if leads(\.allActive) { return .perhapsActive }
        return leads(\.current) ? .current : nil
    }
}
