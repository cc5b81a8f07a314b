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
        _ body: (TestDatabase, any RecordStore, TroubledConnector) async throws -> Void
    ) async throws {
        try await TestDatabase.with(.sqlite) { database in
            try await database.tokenserver.insert([.live(1)])
            try await database.tokenserver.insert((1...3).map { .obsolete($0, replacedAt: $0) })
            // Each deletion needs room.
            try await database.tokenserver.execute("CREATE TABLE junk (bytes BLOB)")
            try await database.tokenserver.execute(
                "CREATE TRIGGER grow AFTER DELETE ON users BEGIN INSERT INTO junk VALUES (zeroblob(1000000)); END"
            )
            let connector = TroubledConnector(try database.connector, trouble)
            let store = try await TokenserverStore.open(
                connector,
                tracksSlots: true,
                resilience: Resilience(patience: patience) { _ in connector.noteReport() }
            )
            try await body(database, store, connector)
        }
    }

    @Test("is waited out", arguments: Trouble.allCases)
    func waitedOut(_ trouble: Trouble) async throws {
        try await Self.with(trouble, patience: .seconds(30)) { database, store, connector async throws in
            connector.isTroubled.withLock { $0 = true }
            connector.endsWithReport.withLock { $0 = true }
            let results = try await store.settle([.delete(1), .delete(2)], cutoff: Milliseconds(1000))
            #expect(results == [.done, .done])
            #expect(try await database.tokenserver.records().map(\.uid) == [3])
            #expect(try await database.tokenserver.nodes().first?.available == 102)
        }
    }

    @Test("is told as what it is, and nothing is changed", arguments: Trouble.allCases)
    func told(_ trouble: Trouble) async throws {
        try await Self.with(trouble, patience: .zero) { database, store, connector async throws in
            connector.isTroubled.withLock { $0 = true }
            let error = await #expect(throws: StoreError.self) {
                try await store.settle([.delete(1), .delete(2)], cutoff: Milliseconds(1000))
            }
            let text = "\(error as Any)"
            #expect(text.contains(trouble.rawValue) && !text.contains("rollback"), "\(text)")
            #expect(try await database.tokenserver.records().count == 3)
        }
    }
}

/// Has the trouble while it is told to.
private final class TroubledConnector: SQLConnector {
    private let connector: any SQLConnector
    private let trouble: SQLiteTroubleTests.Trouble
    let isTroubled = Mutex(false)
    /// Whether the trouble is over once it was reported.
    let endsWithReport = Mutex(false)

    init(_ connector: any SQLConnector, _ trouble: SQLiteTroubleTests.Trouble) {
        self.connector = connector
        self.trouble = trouble
    }

    var name: String { connector.name }

    func noteReport() { if endsWithReport.withLock({ $0 }) { isTroubled.withLock { $0 = false } } }

    func connect(_ options: ConnectionOptions) async throws -> any SQLConnection {
        Connection(connection: try await connector.connect(options), connector: self)
    }

    private struct Connection: SQLConnection {
        let connection: any SQLConnection
        let connector: TroubledConnector

        func withSession<Result: Sendable>(
            _ body: @escaping @Sendable (any SQLSession) throws -> Result
        ) async throws -> Result {
            try await connection.withSession { session in
                let isTroubled = connector.isTroubled.withLock { $0 }
                switch connector.trouble {
                case .readOnly: _ = try session.query("PRAGMA query_only = \(sql: isTroubled ? "ON" : "OFF")")
                case .full:
                    let pages = try session.query("PRAGMA page_count").first?.integer(0) ?? 0
                    let most = isTroubled ? pages + 10 : 1_000_000
                    _ = try session.query("PRAGMA max_page_count = \(sql: String(most))")
                }
                return try body(session)
            }
        }

        func interrupt() { connection.interrupt() }
    }
}
