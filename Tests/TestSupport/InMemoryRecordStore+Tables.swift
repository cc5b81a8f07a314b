import Purging

extension InMemoryRecordStore {
    /// The rows, and what finds them quickly.
    struct Tables: Sendable {
        var nodes: [NodeID: NodeRow]
        private(set) var users: [UID: UserRow] = [:]
        private let collation: Collation
        private var uidsByEmail: [String: Set<UID>] = [:]
        private var usersByAccount: [String: Set<String>] = [:]
        private var sorted: [BacklogKey]?

        init(nodes: [NodeRow], users: [UserRow], collation: @escaping Collation) {
            self.collation = collation
            self.nodes = Dictionary(nodes.map { ($0.node.id, $0) }, uniquingKeysWith: { _, last in last })
            for user in users {
                put(user)
            }
        }

        /// All records of the service that the database takes for this user's.
        func uids(of email: String) -> Set<UID> { uidsByEmail[collation(email)] ?? [] }

        mutating func put(_ row: UserRow) {
            remove(row.record.uid)
            sorted = nil
            users[row.record.uid] = row
            if !row.isOfService { return }
            let user = collation(row.email)
            uidsByEmail[user, default: []].insert(row.record.uid)
            usersByAccount[AccountEmail(row.email).fxaUID, default: []].insert(user)
        }

        mutating func remove(_ uid: UID) {
            guard let row = users.removeValue(forKey: uid) else { return }
            uidsByEmail[collation(row.email)]?.remove(uid)
            sorted = nil
        }

        /// The keys of all replaced records, ascending.
        mutating func keys() -> [BacklogKey] {
            if let sorted { return sorted }
            let keys = users.values.filter(\.isOfService).compactMap { row in
                row.record.replacedAt.map { BacklogKey(replacedAt: $0, tiebreaker: row.record.uid.rawValue) }
            }.sorted()
            sorted = keys
            return keys
        }

        /// The keys of purgeable records behind the cursor, whichever node or uid they have.
        mutating func keys(after cursor: BacklogKey?, before cutoff: Timestamp) -> ArraySlice<BacklogKey> {
            let keys = keys()
            let start = cursor.map { cursor in keys.firstIndex { $0 > cursor } ?? keys.endIndex } ?? 0
            return keys[start...].prefix { $0.replacedAt < cutoff }
        }

        func entry(_ uid: UID) -> BacklogEntry? {
            guard let row = users[uid], row.isOfService else { return nil }
            let others = uids(of: row.email).subtracting([uid]).compactMap { users[$0]?.record }
            let kin = (usersByAccount[row.record.email.fxaUID] ?? []).subtracting([collation(row.email)]).sorted()
                .map { (uidsByEmail[$0] ?? []).sorted().compactMap { users[$0]?.record } }
                .filter { !$0.isEmpty }
            return BacklogEntry(record: row.record, others: others, kin: kin)
        }

        /// Whether the record's account was deleted: some record of the same user says so.
        func isOfDeletedAccount(_ uid: UID) -> Bool {
            guard let row = users[uid] else { return false }
            return uids(of: row.email).contains { users[$0]?.record.generation == .max }
        }
    }
}
