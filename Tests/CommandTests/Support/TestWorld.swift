import DatabaseServers
import Foundation
import Purging
import Sandbox
import SyncTokens
import TestDatabases
import Testing
import TokenserverStore

/// A Tokenserver's database, and storage nodes on loopback, for the program to work on.
struct TestWorld {
    static let secret = "a master secret: ünusual, \"quoted\" & long"

    let database: TestDatabase
    /// For whatever files a test needs.
    let folder: URL
    let nodes: [StorageNode]

    var tokenserver: SandboxTokenserver { database.tokenserver }

    /// - Parameter keying: of each node; node ids count from 1.
    static func with(
        _ kind: TestDatabase.Kind = .sqlite,
        on server: DatabaseServer? = nil,
        keying: [DataKeying] = [.uid],
        configure: (inout StorageNode.Configuration, Int) -> Void = { _, _ in },
        _ body: (TestWorld) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "world-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var nodes: [StorageNode] = []
        for (index, keying) in keying.enumerated() {
            var configuration = StorageNode.Configuration(secret: try MasterSecret(secret))
            configuration.keying = keying
            configuration.logCapacity = 100_000
            configure(&configuration, index)
            nodes.append(try await StorageNode.start(configuration))
        }
        do {
            try await TestDatabase.with(kind, on: server) { database in
                try await database.tokenserver.insert(
                    nodes.enumerated().map { SandboxTokenserver.NodeRow(id: NodeID(Int64($0 + 1)), url: $1.url) }
                )
                try await body(TestWorld(database: database, folder: folder, nodes: nodes))
            }
        } catch {
            for node in nodes { await node.stop() }
            throw error
        }
        for node in nodes { await node.stop() }
    }

    var databaseURL: String { database.url }

    var environment: [String: String] {
        ["SYNC_TOKENSERVER__DATABASE_URL": databaseURL, "SYNC_MASTER_SECRET": Self.secret]
    }

    /// One run of the program in this world.
    func purge(_ arguments: String...) async throws -> Program.Finished {
        try await Program.purge.run(["--oneshot"] + arguments, environment: environment)
    }

    /// Adds records, and their data on their nodes.
    func add(_ records: [SandboxRecord]) async throws {
        try await tokenserver.insert(records)
        for (index, node) in nodes.enumerated() {
            let id = NodeID(Int64(index + 1))
            node.data.put(contentsOf: SandboxWorld.data(of: records, on: id, keying: .uid))
        }
    }

    func uids() async throws -> [Int64] { try await tokenserver.records().map(\.uid) }

    /// Confirmed deletions over all nodes.
    var confirmed: Int { nodes.map(\.log.counters.deletesConfirmed).reduce(0, +) }

    var requests: Int { nodes.map(\.log.counters.requests).reduce(0, +) }
}

extension SandboxRecord {
    static let now = Int64(Date().timeIntervalSince1970 * 1000)
    static let day: Int64 = 86_400_000

    static func active(_ uid: Int64, node: Int64 = 1, user: String? = nil) -> SandboxRecord {
        SandboxRecord(
            uid: uid,
            email: "\(user ?? "user\(uid)")@example.com",
            generation: 1000 + uid,
            keysChangedAt: 1000 + uid,
            clientState: "abcd\(String(format: "%08x", uid))",
            createdAt: now - 100 * day,
            node: NodeID(node)
        )
    }

    /// Replaced some days ago, and a bit longer the smaller the uid.
    static func obsolete(
        _ uid: Int64,
        daysAgo: Int64 = 10,
        node: Int64 = 1,
        user: String? = nil
    ) -> SandboxRecord {
        var record = active(uid, node: node, user: user)
        record.replacedAt = now - daysAgo * day + uid
        return record
    }

    static func obsolete(_ uids: ClosedRange<Int64>, daysAgo: Int64 = 10, node: Int64 = 1) -> [SandboxRecord] {
        uids.map { .obsolete($0, daysAgo: daysAgo, node: node) }
    }
}

extension SandboxRecord {
    /// Obsolete records whose users have another one by now, with another key: such go whatever the storage is.
    static func replaced(_ uids: ClosedRange<Int64>) -> [SandboxRecord] {
        obsolete(uids) + uids.map { active($0 + firstActive, user: "user\($0)") }
    }

    static let firstActive: Int64 = 1_000_000
}

extension TestWorld {
    /// The records left, without those of ``SandboxRecord/replaced(_:)`` that are active.
    func uidsLeft() async throws -> [Int64] { try await uids().filter { $0 < SandboxRecord.firstActive } }
}

/// Waits until the condition holds, for a minute at most.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task<Never, Never>.sleep(for: .milliseconds(5))
    }
    Issue.record("never came true: \(what)")
}
