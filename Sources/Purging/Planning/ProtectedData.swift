import SyncTokens

/// The data on storage keyed by account that a login could lead to, and which therefore must not be deleted.
///
/// Such data is told by (fxa_uid, fxa_kid), whatever node or e-mail domain a record names. Records that the database
/// takes for one user's although they spell the fxa_uid differently share none.
struct ProtectedData {
    /// By what a piece of data is protected, the strongest reason first.
    enum Protection: Sendable {
        /// It is an active record's.
        case active
        /// It may be an active record's: that one's storage is of unknown kind, or its key can still change to this one.
        case perhapsActive
        /// It is what the user's next login gets back.
        case current
    }

    private struct DataKey: Hashable {
        let fxaUID: String
        let key: KeyID
    }

    private struct KeyFamily: Hashable {
        let fxaUID: String
        let clientState: String
    }

    private var active: Set<DataKey> = []
    private var perhapsActive: Set<DataKey> = []
    private var current: Set<DataKey> = []
    private var movingActive: Set<KeyFamily> = []
    private var movingCurrent: Set<KeyFamily> = []

    init(_ entry: BacklogEntry, in directory: NodeDirectory, policy: PurgePolicy) {
        for user in entry.users {
            let login = NextLogin(user)
            for record in login.active { protect(record, in: directory) }
            let isLifted = entry.isAccountDeleted || (policy.purgesUnassigned && login.active.isEmpty)
            if isLifted { continue }
            // An active one is protected already, as far as its storage can share anything.
            for record in login.current where !record.isActive {
                current.formUnion(Self.dataKeys(of: record))
                if record.hasMovingKey { movingCurrent.insert(Self.family(of: record)) }
            }
        }
    }

    private mutating func protect(_ record: UserRecord, in directory: NodeDirectory) {
        // Where its node is gone, the next login makes a copy on any node.
        switch directory[record.nodeID]?.keyingOfActiveRecords ?? .account {
        case .uid: return
        case .account: active.formUnion(Self.dataKeys(of: record))
        case .unknown, .unnamed: perhapsActive.formUnion(Self.dataKeys(of: record))
        }
        if record.hasMovingKey { movingActive.insert(Self.family(of: record)) }
    }

    /// - Returns: nil if no login could lead to the record's data under this key.
    func protection(of key: KeyID, of record: UserRecord) -> Protection? {
        let data = DataKey(fxaUID: record.email.fxaUID, key: key)
        if active.contains(data) { return .active }
        let family = Self.family(of: record)
        if perhapsActive.contains(data) || movingActive.contains(family) { return .perhapsActive }
        return current.contains(data) || movingCurrent.contains(family) ? .current : nil
    }

    private static func dataKeys(of record: UserRecord) -> Set<DataKey> {
        Set((record.keys ?? []).map { DataKey(fxaUID: record.email.fxaUID, key: $0) })
    }

    private static func family(of record: UserRecord) -> KeyFamily {
        KeyFamily(fxaUID: record.email.fxaUID, clientState: record.clientState.lowercased())
    }
}
