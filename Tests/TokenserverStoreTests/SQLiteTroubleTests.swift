import Purging
import Sandbox
import Synchronization
import TestDatabases
import Testing
import TokenserverStore

/// A full disk, and a file that has become read-only: what somebody may just be mending.
@Suite("SQLite in trouble amid a run")
struct SQLiteTroubleTests {
    enum Trouble: String, CaseIterable {
        case full = "full"
        case readOnly = "readonly"
    }

    private static func with(
        _ trouble: Trouble,
        patience: Duration,
        _ body: (TestDatabase, any RecordStore, Troubling) async throws -> Void
    ) async throws {
        try await TestDatabase.with(.sqlite) { database in
            try await database.tokenserver.insert([.live(1)])
            try await database.tokenserver.insert((1...3).map { .obsolete($0, replacedAt: $0) })
            // Each deletion needs room.
            try await database.tokenserver.execute("CREATE TABLE junk (bytes BLOB)")
            try await database.tokenserver.execute(
                "CREATE TRIGGER grow AFTER DELETE ON users BEGIN INSERT INTO junk VALUES (zeroblob(1000000)); END"
            )
            let troubling = Troubling(trouble)
            let store = try await TokenserverStore.open(
                troubling.connector(try database.connector),
                tracksSlots: true,
                resilience: Resilience(patience: patience) { _ in troubling.noteReport() }
            )
            try await body(database, store, troubling)
        }
    }

    @Test("is waited out", arguments: Trouble.allCases)
    func waitedOut(_ trouble: Trouble) async throws {
        try await Self.with(trouble, patience: .seconds(30)) { database, store, troubling async throws in
            troubling.isTroubled.withLock { $0 = true }
            troubling.endsWithReport.withLock { $0 = true }
            let results = try await store.settle([.delete(1), .delete(2)], cutoff: Timestamp(1000))
            #expect(results == [.done, .done])
            #expect(try await database.tokenserver.records().map(\.uid) == [3])
            #expect(try await database.tokenserver.nodes().first?.available == 102)
        }
    }

    @Test("is told as what it is, and nothing is changed", arguments: Trouble.allCases)
    func told(_ trouble: Trouble) async throws {
        try await Self.with(trouble, patience: .zero) { database, store, troubling async throws in
            troubling.isTroubled.withLock { $0 = true }
            let error = await #expect(throws: StoreError.self) {
                try await store.settle([.delete(1), .delete(2)], cutoff: Timestamp(1000))
            }
            let text = "\(error as Any)"
            #expect(text.contains(trouble.rawValue) && !text.contains("rollback"), "\(text)")
            #expect(try await database.tokenserver.records().count == 3)
        }
    }
}

/// Has the trouble while it is told to.
private final class Troubling: Sendable {
    private let trouble: SQLiteTroubleTests.Trouble
    let isTroubled = Mutex(false)
    /// Whether the trouble is over once it was reported.
    let endsWithReport = Mutex(false)

    init(_ trouble: SQLiteTroubleTests.Trouble) { self.trouble = trouble }

    func noteReport() { if endsWithReport.withLock({ $0 }) { isTroubled.withLock { $0 = false } } }

    func connector(_ connector: any SQLConnector) -> any SQLConnector {
        WrappingConnector(connector) { [self] session in
            let isTroubled = isTroubled.withLock { $0 }
            switch trouble {
            case .readOnly: _ = try session.query("PRAGMA query_only = \(sql: isTroubled ? "ON" : "OFF")")
            case .full:
                let pages = try session.query("PRAGMA page_count").first?.integer(0) ?? 0
                _ = try session.query("PRAGMA max_page_count = \(sql: String(isTroubled ? pages + 10 : 1_000_000))")
            }
            return session
        }
    }
}
