import Purging
import SyncTokens
import Synchronization
import TestSupport

/// A Tokenserver with its users, its nodes and what they store; it lets steps happen, and watches what purges do.
final class HistoryWorld: Sendable {
    /// Nodes 1 and 2 key by uid, 3 and 4 share one storage that keys by account.
    static let accountNodes: ClosedRange<Int64> = 3...4

    /// What a user's client has, whatever records there are.
    struct Client: Equatable {
        let key: String
        let generation: Int64
        let keysChangedAt: Int64?
        let clientState: String
    }

    static let gracePeriod = Duration.seconds(86_400)

    struct State {
        var lastUID: Int64 = 0
        var lastKey: Int64 = 0
        /// Under which key each record's data really lies: made when the record was, whatever became of its generation.
        var keys: [UID: String] = [:]
        /// The key that each user's client has now.
        var clients: [String: Client] = [:]
        var deletedAccounts: Set<String> = []
        /// Those of them that have, or had, a tombstone.
        var markedAccounts: Set<String> = []
        /// Since when a record is active again, or for the first time.
        var activeSince: [UID: ContinuousClock.Instant] = [:]
        /// When a user's active record was last taken off its node.
        var unassignedAt: [String: ContinuousClock.Instant] = [:]
        /// When a purger moved a record behind the others.
        var postponedAt: [UID: ContinuousClock.Instant] = [:]
        var violations: [String] = []
    }

    let time = ManualTime(wallTime: RunFixture.wallTime)
    let simulation: Simulation
    let store: InMemoryRecordStore
    let storage: HistoryStorage
    /// Whether Tokenserver writes a `keys_changed_at` of 0 into keys as it is, as servers in Rust do.
    let isRust: Bool
    let state = Mutex(State())

    init(isRust: Bool) {
        simulation = Simulation(time: time)
        store = InMemoryRecordStore(nodes: HistoryStep.nodes.map { .init(.live($0)) }, time: time, mostExamined: 5)
        storage = HistoryStorage(accountNodes: Set(Self.accountNodes.map(Node.url)))
        self.isRust = isRust
    }

    var violations: [String] { state.withLock(\.violations) }

    func violated(_ text: String) { state.withLock { $0.violations.append(text) } }

    func pass(_ duration: Duration) async { await time.sleep(until: time.now + duration) }

    static func isAccountNode(_ node: NodeID) -> Bool { accountNodes.contains(node.rawValue) }

    func key(of uid: UID) -> String { state.withLock { $0.keys[uid] ?? "" } }

    func place(of record: UserRecord) -> HistoryStorage.Place {
        storage.place(
            node: Node.url(record.nodeID.rawValue),
            uid: record.uid,
            fxaUID: record.email.fxaUID,
            key: key(of: record.uid)
        )
    }

    func records(ofUser user: String) -> [UserRecord] { store.records.filter { $0.email.fxaUID == user } }

    // MARK: Steps

    /// All steps but purges.
    func happen(_ step: HistoryStep) {
        switch step {
        case .login(let user, let node): login("user\(user)", node: node)
        case .changeKey(let user, let node, let keysChangedAt, let isBackdated):
            changeKey("user\(user)", node: node, keysChangedAt, isBackdated: isBackdated)
        case .race(let user, let nodes):
            guard records(ofUser: "user\(user)").isEmpty else { return }
            for node in nodes { login("user\(user)", node: node, isRace: true) }
        case .write(let user):
            if let active = newest("user\(user)", where: \.isActive) {
                storage.write(place(of: active), at: time.wallTime)
            }
        case .staleWrite(let user): staleWrite("user\(user)")
        case .retire(let user):
            // Only active records are marked: an account without any is deleted all the same.
            let isMarked = records(ofUser: "user\(user)").contains(where: \.isActive)
            state.withLock { state in
                state.deletedAccounts.insert("user\(user)")
                if isMarked { state.markedAccounts.insert("user\(user)") }
            }
            store.retire(email: "user\(user)@example.com", at: time.wallTime)
        case .unassign(let node): unassign(node)
        case .restore(let user): restore("user\(user)")
        case .removeNode(let node):
            unassign(node)
            store.removeNode(node)
            storage.removeNode(Node.url(node))
        case .setDowned(let node, let isDowned): store.updateNode(node) { $0.node.isDowned = isDowned }
        case .wait(let hours): time.advance(by: .seconds(3600 * hours))
        case .purge: break
        }
        time.advance(by: .milliseconds(1))
    }

    private func newest(_ user: String, where condition: (UserRecord) -> Bool = { _ in true }) -> UserRecord? {
        records(ofUser: user).filter(condition).max {
            ($0.generation, $0.createdAt, $0.uid) < ($1.generation, $1.createdAt, $1.uid)
        }
    }

    /// The active record is taken, or one is made for the client's key: often the newest record's, which is so revived.
    private func login(_ user: String, node: Int64, isRace: Bool = false) {
        if isDeleted(user) { return }
        let client = state.withLock { $0.clients[user] } ?? newClient(user, .known)
        if let newest = newest(user), newest.isActive, !isRace, key(of: newest.uid) == client.key { return }
        make(user, client, node)
        if !isRace { replaceOlder(user, at: nil) }
    }

    func isDeleted(_ user: String) -> Bool { state.withLock { $0.deletedAccounts.contains(user) } }

    private func changeKey(
        _ user: String,
        node: Int64,
        _ keysChangedAt: HistoryStep.KeysChangedAt,
        isBackdated: Bool
    ) {
        if isDeleted(user) { return }
        make(user, newClient(user, keysChangedAt), node)
        let created = newest(user, where: \.isActive)?.createdAt
        time.advance(by: .milliseconds(5))
        replaceOlder(user, at: isBackdated ? created : nil)
    }

    private func newClient(_ user: String, _ keysChangedAt: HistoryStep.KeysChangedAt) -> Client {
        let number = state.withLock { state in
            state.lastKey += 1
            return state.lastKey
        }
        let clientState = "\(1000 + number)"
        let generation = time.wallTime.rawValue
        let moment: Int64? =
            switch keysChangedAt {
            case .none: nil
            case .zero: 0
            case .known: generation
            }
        let spellings = ClientState(hex: clientState).map {
            KeyID.spellings(generation: generation, keysChangedAt: moment, clientState: $0)
        }
        let client = Client(
            key: (isRust ? spellings?.last : spellings?.first)?.text ?? "",
            generation: generation,
            keysChangedAt: moment,
            clientState: clientState
        )
        state.withLock { $0.clients[user] = client }
        return client
    }

    private func make(_ user: String, _ client: Client, _ node: Int64) {
        guard store.nodeRows.contains(where: { $0.node.id == NodeID(node) && !$0.node.isDowned }) else { return }
        let uid = state.withLock { state in
            state.lastUID += 1
            state.keys[UID(state.lastUID)] = client.key
            state.activeSince[UID(state.lastUID)] = time.now
            return state.lastUID
        }
        store.insert(
            .of(
                user,
                uid: uid,
                generation: client.generation,
                keysChangedAt: client.keysChangedAt,
                clientState: client.clientState,
                createdAt: time.wallTime.rawValue,
                replacedAt: nil,
                node: node
            )
        )
        time.advance(by: .milliseconds(1))
    }

    private func replaceOlder(_ user: String, at moment: Milliseconds?) {
        let active = records(ofUser: user).filter(\.isActive).sorted { $0.createdAt < $1.createdAt }
        for record in active.dropLast() {
            store.replace(record.uid.rawValue, at: moment ?? time.wallTime)
        }
    }

    private func unassign(_ node: Int64) {
        for record in store.records where record.nodeID == NodeID(node) && record.isActive {
            store.replace(record.uid.rawValue, at: time.wallTime)
            state.withLock { $0.unassignedAt[record.email.fxaUID] = time.now }
        }
    }

    private func restore(_ user: String) {
        guard let newest = newest(user), !newest.isActive, !isDeleted(user),
            store.nodeRows.contains(where: { $0.node.id == newest.nodeID })
        else { return }
        state.withLock { $0.activeSince[newest.uid] = time.now }
        store.update(newest.uid.rawValue) { $0.replacedAt = nil }
    }

    /// Within a token's life after the record was replaced.
    private func staleWrite(_ user: String) {
        let hour = Duration.seconds(3600)
        let stale = newest(user) { record in
            record.replacedAt.map { time.wallTime.since($0) < hour } ?? false
        }
        guard let stale, store.nodeRows.contains(where: { $0.node.id == stale.nodeID }) else { return }
        storage.write(place(of: stale), at: time.wallTime)
    }
}
