import Purging
import TestSupport

/// What stays the same through a history: the storages, what the operator says about them, and the servers' versions.
struct HistorySetting: Sendable {
    /// How the operator tells what the nodes run on.
    enum Naming: Sendable, CaseIterable {
        case all, byURL, nothing, spannerNode
    }

    enum Layout: Sendable, CaseIterable {
        /// Two storages that key by uid, and two nodes before one that keys by account.
        case mixed
        /// Three storages that key by uid; one of them has two nodes rows.
        case uids
        /// Four nodes before one storage that keys by account.
        case accounts
    }

    static let nodes: [Int64] = [1, 2, 3, 4]
    static let spannerNode: Int64 = 3
    static let gracePeriod = Duration.seconds(86_400)

    let layout: Layout
    let naming: Naming
    /// Whether the operator names the URLs that appear later, too.
    let namesNewURLs: Bool
    let server: ModelServer
    let ignoresCase: Bool
    /// Whether two accounts' ids differ in nothing but their case, so that such a database takes them for one user's.
    /// What comes of it when the domain changes besides, nobody can foresee.
    let mixesAccounts: Bool
    let mindsConditions: Bool
    let forgetsUIDs: Bool
    let acceptsUnaddressable: Bool
    /// A node that stays down when all else is healed.
    let staysDown: Int64?

    init(using random: inout SeededGenerator) {
        layout = random.pick(Layout.allCases)
        let naming = random.pick(Naming.allCases)
        self.naming = naming == .all && layout == .mixed || naming == .spannerNode && layout != .mixed ? .byURL : naming
        namesNewURLs = random.chance(1, in: 2)
        server = random.pick([.python, .pythonThatWritesZero, .rust, .rust])
        ignoresCase = random.chance(1, in: 2)
        mixesAccounts = ignoresCase && random.chance(1, in: 3)
        mindsConditions = random.chance(2, in: 3)
        forgetsUIDs = random.chance(1, in: 4)
        acceptsUnaddressable = random.chance(1, in: 3)
        staysDown = random.chance(1, in: 4) ? random.pick(Self.nodes) : nil
    }

    /// The first accounts' ids.
    var accounts: [String] { ["user1", "user2", "user3", mixesAccounts ? "USER1" : "user4"] }

    static func url(_ node: Int64) -> String { "https://sync-\(node).example.com" }

    /// The storages by their first URLs.
    var backends: [String: ModelStorage.Backend] {
        func backend(_ name: String, _ keying: ModelStorage.Keying) -> ModelStorage.Backend {
            .init(name: name, keying: keying, mindsConditions: mindsConditions)
        }
        let each: [ModelStorage.Backend] =
            switch layout {
            case .mixed: [backend("A", .uid), backend("B", .uid), backend("S", .account), backend("S", .account)]
            case .uids: [backend("A", .uid), backend("B", .uid), backend("C", .uid), backend("A", .uid)]
            case .accounts:
                Array(repeating: backend("S", .account), count: 4)
            }
        return Dictionary(zip(Self.nodes.map(Self.url), each), uniquingKeysWith: { $1 })
    }

    func tokenserver(_ time: ManualTime) -> ModelTokenserver {
        ModelTokenserver(
            nodes: Self.nodes.map {
                ModelNode(
                    id: $0,
                    service: ModelRows.service,
                    url: Self.url($0),
                    available: 50,
                    load: 50,
                    capacity: 1000
                )
            },
            setting: .init(
                server: server,
                collation: ignoresCase ? InMemoryRecordStore.caseInsensitive : InMemoryRecordStore.exact,
                forgetsUIDs: forgetsUIDs
            ),
            time: time
        )
    }

    // MARK: What the operator says

    /// What the purge is told about a node's storage; nil where others are named by URL and this one isn't.
    func said(of node: ModelNode, storage: ModelStorage) -> StorageKeying? {
        let truth: StorageKeying = storage.backend(node.url)?.keying == .account ? .account : .uid
        switch naming {
        case .all: return truth
        case .byURL: return namesNewURLs || Self.nodes.map(Self.url).contains(node.url) ? truth : nil
        case .nothing: return .unknown
        case .spannerNode: return node.id == Self.spannerNode ? .account : .unknown
        }
    }

    func types(nodes: [ModelNode], storage: ModelStorage) -> StorageTypes {
        func keying(_ url: String) -> StorageKeying { storage.backend(url)?.keying == .account ? .account : .uid }
        switch naming {
        case .all: return StorageTypes(ofAll: layout == .accounts ? .account : .uid)
        case .byURL:
            let urls = Set(Self.nodes.map(Self.url)).union(namesNewURLs ? nodes.map(\.url) : [])
            return StorageTypes(byURL: Dictionary(urls.map { ($0, keying($0)) }, uniquingKeysWith: { $1 }))
        case .nothing: return StorageTypes()
        case .spannerNode: return StorageTypes(spannerNode: NodeID(Self.spannerNode))
        }
    }

    /// Whether a node may get this storage without making the operator a liar.
    func allows(_ node: Int64, toBecome backend: ModelStorage.Backend, from old: ModelStorage.Backend) -> Bool {
        naming == .byURL || naming == .nothing || backend.keying == old.keying
    }
}
