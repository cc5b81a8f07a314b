import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// A kind of record store under test.
enum Backend: String, CaseIterable, CustomTestStringConvertible {
    case memory
    case sqlite
    case mariadb
    case mysql
    case postgres

    static let all = Backend.allCases

    /// Nil for the one in memory.
    var database: TestDatabase.Kind? {
        switch self {
        case .memory: nil
        case .sqlite: .sqlite
        case .mariadb: .mariadb
        case .mysql: .mysql
        case .postgres: .postgres
        }
    }

    var testDescription: String { rawValue }

    /// A store with these rows, for the time of the body.
    func withStore(
        nodes: [SandboxTokenserver.NodeRow],
        records: [SandboxRecord],
        tracksSlots: Bool = true,
        limits: WindowLimits = WindowLimits(),
        _ body: (StoreUnderTest) async throws -> Void
    ) async throws {
        guard let database else {
            return try await body(StoreUnderTest(memory: nodes, records, tracksSlots: tracksSlots))
        }
        try await TestDatabase.with(database) { database in
            try await database.tokenserver.insert(nodes)
            try await database.tokenserver.insert(records)
            try await body(
                StoreUnderTest(
                    store: try await TokenserverStore.open(
                        database.connector,
                        tracksSlots: tracksSlots,
                        limits: limits
                    ),
                    counter: TokenserverCounter(connector: database.connector),
                    records: database.tokenserver.records,
                    nodes: database.tokenserver.nodes
                )
            )
        }
    }
}

/// A store, and a look behind it.
struct StoreUnderTest {
    let store: any RecordStore
    let counter: any BacklogCounter
    let records: () async throws -> [SandboxRecord]
    let nodes: () async throws -> [SandboxTokenserver.NodeRow]

    init(
        store: any RecordStore,
        counter: any BacklogCounter,
        records: @escaping () async throws -> [SandboxRecord],
        nodes: @escaping () async throws -> [SandboxTokenserver.NodeRow]
    ) {
        self.store = store
        self.counter = counter
        self.records = records
        self.nodes = nodes
    }

    init(memory nodes: [SandboxTokenserver.NodeRow], _ records: [SandboxRecord], tracksSlots: Bool) {
        let store = InMemoryRecordStore(
            nodes: nodes.map { row in
                let node = Node(
                    id: row.id,
                    url: row.url,
                    isDowned: row.downed != 0,
                    isThrottled: row.backoff != 0
                )
                return InMemoryRecordStore.NodeRow(
                    node,
                    available: row.available,
                    currentLoad: row.currentLoad,
                    capacity: row.capacity
                )
            },
            users: records.map { InMemoryRecordStore.UserRow($0.userRecord, email: $0.email) },
            tracksSlots: tracksSlots
        )
        let original = Dictionary(records.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        self.init(
            store: store,
            counter: store,
            records: {
                store.records.compactMap { record in
                    var row = original[record.uid.rawValue]
                    row?.replacedAt = record.replacedAt?.rawValue
                    return row
                }
            },
            nodes: {
                store.nodeRows.map { row in
                    var node = SandboxTokenserver.NodeRow(id: row.node.id, url: row.node.url)
                    (node.available, node.currentLoad) = (row.available, row.currentLoad)
                    node.capacity = row.capacity
                    (node.downed, node.backoff) = (row.node.isDowned ? 1 : 0, row.node.isThrottled ? 1 : 0)
                    return node
                }
            }
        )
    }

    func uids() async throws -> [Int64] { try await records().map(\.uid) }

    /// Reads the backlog to its end, in small pages.
    func readAll(scope: BacklogScope = .all, nodes: NodeFilter = .all) async throws -> [Int64] {
        var query = BacklogQuery(scope: scope, nodes: nodes, limit: 4)
        var uids: [Int64] = []
        while true {
            let page = try await store.page(query)
            uids += page.entries.map(\.record.uid.rawValue)
            guard let next = page.examinedUpTo else { return uids }
            query.cursor = next
        }
    }
}

func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

extension BacklogScope {
    static let all = BacklogScope(cutoff: Timestamp(1_000_000))
}

extension SandboxTokenserver.NodeRow {
    static func live(_ id: Int64) -> Self { Self(id: NodeID(id), url: "http://node-\(id).example") }
}

extension SandboxRecord {
    static func active(_ uid: Int64, user: String? = nil, node: Int64 = 1) -> Self {
        SandboxRecord(
            uid: uid,
            email: "\(user ?? "user\(uid)")@example.com",
            generation: 10,
            keysChangedAt: 10,
            clientState: "aabb",
            createdAt: 1,
            node: NodeID(node)
        )
    }

    static func obsolete(_ uid: Int64, replacedAt: Int64, user: String? = nil, node: Int64 = 1) -> Self {
        var record = active(uid, user: user, node: node)
        record.replacedAt = replacedAt
        return record
    }
}

extension Settlement {
    static func delete(_ uid: Int64, node: Int64 = 1, user: String? = nil) -> Self {
        Settlement(SandboxRecord.active(uid, user: user, node: node).userRecord, .delete)
    }

    static func deleteNodeless(_ uid: Int64, node: Int64) -> Self {
        Settlement(SandboxRecord.active(uid, node: node).userRecord, .deleteNodeless)
    }

    static func postpone(_ uid: Int64, from: Int64, node: Int64 = 1, user: String? = nil) -> Self {
        Settlement(SandboxRecord.active(uid, user: user, node: node).userRecord, .postpone(from: Timestamp(from)))
    }
}
