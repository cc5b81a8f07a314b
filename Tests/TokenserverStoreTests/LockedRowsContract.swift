import DatabaseServers
import Dispatch
import Foundation
import Purging
import Sandbox
import Synchronization
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// What operators meet: sessions that forget a lock, rows that the database won't let go of.
@Suite("Rows that somebody holds, or the database refuses to delete")
struct LockedRowsContract {
    private static let count: Int64 = 60
    private static let cutoff = Timestamp(1000)

    private static func with(
        _ kind: TestDatabase.Kind,
        _ body: (TestDatabase, any RecordStore) async throws -> Void
    ) async throws {
        try await TestDatabase.with(kind) { database in
            try await database.tokenserver.insert([.live(1), .live(2)])
            try await database.tokenserver.insert((1...count).map { .obsolete($0, replacedAt: 5, node: 1 + $0 % 2) })
            try await body(database, try await TokenserverStore.open(database.connector, tracksSlots: true))
        }
    }

    private static var batch: [Settlement] { (1...count).map { .delete($0, node: 1 + $0 % 2) } }

    /// - Returns: the longest time that Tokenserver took to allocate a place on each node, while the body ran.
    private static func longestAllocation(
        in database: TestDatabase,
        while body: () async throws -> Void
    ) async throws -> Duration {
        let isOver = Mutex(false)
        let login = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
        async let longest = login.withSession { session in
            var longest = Duration.zero
            while !isOver.withLock({ $0 }) {
                for node: Int64 in [1, 2] {
                    let begin = ContinuousClock.now
                    // Whoever waits longer than the server allows has waited long.
                    _ = try? session.execute("UPDATE nodes SET current_load = current_load + 1 WHERE id = \(node)")
                    longest = max(longest, ContinuousClock.now - begin)
                }
            }
            return longest
        }
        do {
            try await body()
        } catch {
            isOver.withLock { $0 = true }
            throw error
        }
        isOver.withLock { $0 = true }
        return try await longest
    }

    @Test(
        "a row that is held, first, amid or last, is left out; the others go, and logins wait for nobody",
        arguments: TestDatabase.Kind.servers,
        [[1], [30], [60], [7, 8, 9, 10, 11, 41]] as [[Int64]]
    )
    func held(_ kind: TestDatabase.Kind, _ held: [Int64]) async throws {
        try await Self.with(kind) { database, store async throws in
            let holder = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            try await holder.withSession { session in
                try session.execute("BEGIN")
                for uid in held { try session.execute("UPDATE users SET client_state = 'cc' WHERE uid = \(uid)") }
            }
            let longest = try await Self.longestAllocation(in: database) {
                for round in 0..<3 {
                    let results = try await store.settle(Self.batch, cutoff: Self.cutoff)
                    for (settlement, result) in zip(Self.batch, results) {
                        let expected: SettlementResult =
                            held.contains(settlement.uid.rawValue) ? .locked : round == 0 ? .done : .gone
                        #expect(result == expected, "uid \(settlement.uid), round \(round)")
                    }
                }
            }
            // A second is how long a batch may wait for a lock.
            #expect(longest < .seconds(1), "\(longest)")
            _ = try await holder.withSession { try $0.execute("ROLLBACK") }
            let results = try await store.settle(Self.batch, cutoff: Self.cutoff)
            #expect(results.count { $0 == .done } == held.count)
            #expect(try await database.tokenserver.records().isEmpty)
        }
    }

    @Test("a page is read whatever rows are held", arguments: TestDatabase.Kind.servers)
    func heldWhileReading(_ kind: TestDatabase.Kind) async throws {
        try await Self.with(kind) { database, store async throws in
            let holder = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            try await holder.withSession { session in
                try session.execute("BEGIN")
                try session.execute("UPDATE users SET replaced_at = NULL WHERE uid = \(Int64(7))")
            }
            let page = try await store.page(BacklogQuery(scope: BacklogScope(cutoff: Self.cutoff), limit: 100))
            #expect(page.entries.count == Int(Self.count))
            #expect(try await store.standings([UID(7)])[UID(7)]?.replacedAt != nil)
            _ = try await holder.withSession { try $0.execute("ROLLBACK") }
        }
    }

    @Test(
        "records that the database refuses to delete are told by name; the others go",
        arguments: TestDatabase.Kind.allCases
    )
    func refused(_ kind: TestDatabase.Kind) async throws {
        try await Self.with(kind) { database, store async throws in
            try await database.refuseDeletions("not this one", ofUIDs: [7, 8, 44])
            let results = try await store.settle(Self.batch, cutoff: Self.cutoff)
            for (settlement, result) in zip(Self.batch, results) {
                if [7, 8, 44].contains(settlement.uid.rawValue) {
                    guard case .refused = result else {
                        Issue.record("uid \(settlement.uid): \(result)")
                        continue
                    }
                } else {
                    #expect(result == .done)
                }
            }
            #expect(try await database.tokenserver.records().map(\.uid) == [7, 8, 44])
            // Slots are given back for what is gone, and for nothing else.
            let available = try await database.tokenserver.nodes().map { Int64($0.available) }
            let before = Int64(SandboxTokenserver.NodeRow.live(1).available) * 2
            #expect(available.reduce(0, +) == before + Self.count - 3)
        }
    }

    @Test("a database that refuses everything is asked a few times only", arguments: TestDatabase.Kind.allCases)
    func allRefused(_ kind: TestDatabase.Kind) async throws {
        try await Self.with(kind) { database, store async throws in
            try await database.refuseDeletions("nothing goes", ofUIDs: nil)
            let results = try await store.settle(Self.batch, cutoff: Self.cutoff)
            let untried = results.filter { $0 == .untried }
            #expect(untried.count == Int(Self.count) - 5)
            #expect(results.prefix(5).allSatisfy { $0 != .done && $0 != .untried })
            #expect(try await database.tokenserver.records().count == Int(Self.count))
        }
    }
}
