import Foundation
import Purging
import Sandbox
import SyncTokens
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// The same history gives the same tables and the same requests, whichever database it is in.
@Suite("All record stores")
struct SameEverywhereTests {
    /// Each goes on after a first purge and is purged again. `PURGE_TEST_HISTORIES` asks for more.
    private static let histories = ProcessInfo.processInfo.environment["PURGE_TEST_HISTORIES"].flatMap(Int.init) ?? 400

    @Test("end with the same tables after the same history, and send the same requests")
    func histories() async throws {
        try await TestDatabase.with(.sqlite) { sqlite in
            try await TestDatabase.with(.mariadb) { mariadb in
                try await TestDatabase.with(.mysql) { mysql in
                    try await TestDatabase.with(.postgres) { postgres in
                        var databases: [DatabaseUnderTest] = []
                        for database in [sqlite, mariadb, mysql, postgres] {
                            databases.append(try await DatabaseUnderTest(database))
                        }
                        for seed in Seeds.some(Self.histories) {
                            try await play(seed, on: databases)
                        }
                    }
                }
            }
        }
    }

    private func play(_ seed: UInt64, on databases: [DatabaseUnderTest]) async throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        var history = RandomHistory(seed: seed, now: now)
        for _ in 0..<2 {
            history.proceed()
            let settings = RunSettings(using: &history, now: now)
            let (nodes, records) = (history.nodes, history.records)
            let memory = try await Outcome(
                of: StoreUnderTest(memory: nodes, records, tracksSlots: settings.tracksSlots),
                nodes,
                settings
            )
            for database in databases {
                let world = try await database.holding(nodes, records, tracksSlots: settings.tracksSlots)
                let outcome = try await Outcome(of: world, nodes, settings)
                guard let difference = outcome.difference(from: memory) else { continue }
                Issue.record("\(database.kind), PURGE_TEST_SEED=\(seed): \(difference)")
                return
            }
            history.records = memory.records
        }
    }
}

/// A database with stores that stay open, as opening takes longer than a run.
private struct DatabaseUnderTest {
    private let tokenserver: SandboxTokenserver
    private let tracking: any RecordStore
    private let notTracking: any RecordStore
    let kind: TestDatabase.Kind

    init(_ database: TestDatabase) async throws {
        kind = database.kind
        tokenserver = database.tokenserver
        // So small that every history goes through many windows, and through walks along the table.
        let limits = WindowLimits(entries: 3, blocks: 1...2)
        tracking = try await TokenserverStore.open(database.connector, tracksSlots: true, limits: limits)
        notTracking = try await TokenserverStore.open(database.connector, tracksSlots: false, limits: limits)
    }

    /// With these rows and no others.
    func holding(
        _ nodes: [SandboxTokenserver.NodeRow],
        _ records: [SandboxRecord],
        tracksSlots: Bool
    ) async throws -> StoreUnderTest {
        try await tokenserver.execute("DELETE FROM users")
        try await tokenserver.execute("DELETE FROM nodes")
        try await tokenserver.insert(nodes)
        try await tokenserver.insert(records)
        return StoreUnderTest(
            store: tracksSlots ? tracking : notTracking,
            counter: NoCount(),
            records: tokenserver.records,
            nodes: tokenserver.nodes
        )
    }
}

/// The count beside a run decides nothing.
private struct NoCount: BacklogCounter {
    func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? { nil }
    func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]? { nil }
}

/// How a run of a random history is done.
private struct RunSettings {
    var options = RunOptions()
    var policy = PurgePolicy()
    var tracksSlots: Bool
    let now: Int64
    let seed: UInt64

    init(using history: inout RandomHistory, now: Int64) {
        var random = history.random
        self.now = now
        seed = random.next()
        options.pageSize = random.integer(1...12)
        // Nothing waits for its turn, or what is decided would depend on how quickly the store answers.
        options.dispatcher.gate.firstLimit = options.dispatcher.gate.ceiling
        options.onFailure = random.chance(1, in: 2) ? .leave : .defer
        policy.forcesDownedNodes = random.chance(1, in: 4)
        policy.purgesUnassigned = random.chance(1, in: 4)
        tracksSlots = !random.chance(1, in: 4)
        var byURL: [String: Purging.StorageKeying] = [:]
        for node in history.nodes {
            let keying = random.pick([Purging.StorageKeying.uid, .account, .unknown])
            if keying != .unknown { byURL[node.url] = keying }
        }
        policy.storageTypes = StorageTypes(byURL: byURL)
    }
}

/// What a store holds, and what was asked of nodes, after the runs.
private struct Outcome {
    struct Request: Hashable {
        let target: String
        let uid: UID
        let key: String
        let unmodifiedSince: Timestamp?
    }

    let records: [SandboxRecord]
    let nodes: [SandboxTokenserver.NodeRow]
    let requests: Set<Request>

    /// Nil if there is none.
    func difference(from other: Outcome) -> String? {
        func only<Element: Equatable>(_ some: [Element], _ others: [Element]) -> [Element] {
            some.filter { !others.contains($0) }
        }
        if requests != other.requests {
            return """
                sent only here \(requests.subtracting(other.requests)), \
                only there \(other.requests.subtracting(requests))
                """
        }
        if records != other.records {
            return "records here \(only(records, other.records)), there \(only(other.records, records))"
        }
        if nodes != other.nodes { return "nodes here \(nodes), there \(other.nodes)" }
        return nil
    }

    /// Runs three times: a tombstone may wait for records that have the same `replaced_at`.
    init(of world: StoreUnderTest, _ nodes: [SandboxTokenserver.NodeRow], _ settings: RunSettings) async throws {
        let client = SimulatedNodes(time: SystemTime())
        for node in nodes {
            client.node(node.url) { request, _ in
                switch request.uid.rawValue % 13 {
                case 0: .init(.writtenSince(lastModified: nil), after: .zero)
                case 1: .init(.refused(status: 400), after: .zero)
                default: .init(.confirmed(lastModified: 1), after: .zero)
                }
            }
        }
        for _ in 0..<3 {
            let run = PurgeRun(
                store: world.store,
                counter: NoCount(),
                client: client,
                options: settings.options,
                policy: settings.policy,
                observer: RecordingObserver(),
                time: SystemTime(),
                stopSignal: StopSignal(),
                seed: { settings.seed }
            )
            var gates: [ServiceURL: NodeGate] = [:]
            let summary = await run.run(gates: &gates)
            if case .storeFailed(let text) = summary.stopReason { throw StoreError.failed(text) }
        }
        self.records = try await world.records().map { record in
            // When it was postponed depends on the database's clock.
            var record = record
            if let replacedAt = record.replacedAt, replacedAt > settings.now - 3_600_000 {
                record.replacedAt = settings.now
            }
            return record
        }
        self.nodes = try await world.nodes()
        requests = Set(
            client.exchanges.map {
                Request(
                    target: $0.request.target.text,
                    uid: $0.request.uid,
                    key: $0.request.key.text,
                    // When a tombstone was postponed depends on the database's clock.
                    unmodifiedSince: $0.request.unmodifiedSince.map { min($0, Timestamp(settings.now)) }
                )
            }
        )
    }
}
