import Foundation
import GRDB
import Purging
import SQLiteDriver
import Sandbox
import Testing
import TokenserverStore

@Suite("The store on SQLite")
struct SQLiteStoreTests {
    @Test("says that a missing file is missing, and makes none")
    func missingFile() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "absent.db").path
            await #expect(throws: StoreError.self) {
                _ = try await TokenserverStore.open(SQLiteConnector(path: path), tracksSlots: true)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("refuses a file that is no database, one without the tables, and one without the service's row")
    func foreignDatabases() async throws {
        try await withTemporaryFolder { folder in
            func open(_ name: String) async throws {
                let connector = SQLiteConnector(path: folder.appending(path: name).path)
                _ = try await TokenserverStore.openReadOnly(connector)
            }
            try Data("no database at all, but long enough to be read as one".utf8)
                .write(to: folder.appending(path: "text.db"))
            await #expect(throws: StoreError.self) { try await open("text.db") }
            try await DatabaseQueue(path: folder.appending(path: "empty.db").path).write { database in
                try database.execute(sql: "CREATE TABLE something (id INTEGER)")
            }
            await #expect(throws: StoreError.self) { try await open("empty.db") }
            let connector = SQLiteConnector(path: folder.appending(path: "bare.db").path, createsFile: true)
            let tokenserver = try await SandboxTokenserver.create(connector: connector)
            try await tokenserver.execute("DELETE FROM services")
            await #expect(throws: StoreError.self) { try await open("bare.db") }
        }
    }

    @Test("opened to read only, its connection refuses to write (law 7)")
    func readOnly() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "tokenserver.db").path
            _ = try await SandboxTokenserver.create(connector: SQLiteConnector(path: path, createsFile: true))
            let connection = try await SQLiteConnector(path: path).connect(ConnectionOptions(readOnly: true))
            await #expect(throws: SQLError.self) {
                _ = try await connection.withSession { try $0.execute("DELETE FROM users") }
            }
            // What a dry run is given, and what counts beside a run, is such a connection.
            let witness = PlanWitness(connection)
            _ = try await TokenserverStore.openReadOnly(witness)
            _ = try await TokenserverCounter(connector: witness).count(scope: .all, limit: .seconds(60))
            #expect(witness.readOnlyAsked == [true, true])
        }
    }

    @Test("a slot that can't be freed keeps its record: both change in one transaction (law 5)")
    func oneTransaction() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "tokenserver.db").path
            let tokenserver = try await SandboxTokenserver.create(
                connector: SQLiteConnector(path: path, createsFile: true)
            )
            try await tokenserver.insert([.live(1)])
            try await tokenserver.insert([.obsolete(1, replacedAt: 5)])
            try await tokenserver.execute(
                "CREATE TRIGGER refuse BEFORE UPDATE ON nodes BEGIN SELECT RAISE(ABORT, 'not now'); END"
            )
            let store = try await TokenserverStore.open(SQLiteConnector(path: path), tracksSlots: true)
            let results = try await store.settle([.delete(1)], cutoff: Timestamp(1000))
            guard case .refused(let words) = results.first else {
                Issue.record("\(results)")
                return
            }
            #expect(words.contains("not now"))
            #expect(try await tokenserver.recordCount() == 1)
            try await tokenserver.execute("DROP TRIGGER refuse")
            #expect(try await store.settle([.delete(1)], cutoff: Timestamp(1000)) == [.done])
            #expect(try await tokenserver.nodes().first?.available == 101)
        }
    }

    @Test("walks the backlog along its index: no sort of the backlog and no scan of the users")
    func queryPlans() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "tokenserver.db").path
            let tokenserver = try await SandboxTokenserver.create(
                connector: SQLiteConnector(path: path, createsFile: true)
            )
            try await tokenserver.insert([.live(1), .live(2)])
            try await tokenserver.insert((Int64(1)...500).map { .obsolete($0, replacedAt: $0) })
            let witness = PlanWitness(try await SQLiteConnector(path: path).connect(ConnectionOptions(readOnly: true)))
            let store = try await TokenserverStore.openReadOnly(witness)
            witness.forget()
            var query = BacklogQuery(scope: .all, nodes: .excluding([NodeID(2)]), limit: 10)
            query.scope.uidsAbove = UID(1)
            for cursor in [nil, BacklogKey(replacedAt: Timestamp(7), tiebreaker: 7)] {
                query.cursor = cursor
                _ = try await store.page(query)
            }
            query.nodes = .only([NodeID(1)])
            _ = try await store.page(query)
            _ = try await store.entries([UID(3), UID(4)], scope: .all)
            _ = try await store.standings([UID(3), UID(4)])
            _ = try await store.key(atOffset: 5, scope: .all)
            _ = try await store.recordCount(naming: NodeID(1), limit: 10)
            let steps = witness.steps.filter {
                $0.contains(" users") || $0.contains("TEMP B-TREE") || $0.hasPrefix("SCAN")
            }
            #expect(steps.contains { $0.contains("replaced_at_idx (service=? AND replaced_at=? AND rowid>?)") })
            #expect(steps.allSatisfy { !$0.contains("TEMP B-TREE FOR ORDER BY") }, "\(steps)")
            #expect(steps.allSatisfy { !$0.hasPrefix("SCAN u") && !$0.hasPrefix("SCAN p") }, "\(steps)")
            // Nor all of a service's users through an index; nothing here was analyzed.
            #expect(steps.allSatisfy { !$0.hasSuffix("(service=?)") && !$0.contains("AUTOMATIC") }, "\(steps)")
        }
    }

    @Test("a count that takes too long ends with nothing instead of a number")
    func interruptedCount() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "tokenserver.db").path
            _ = try await SandboxTokenserver.create(connector: SQLiteConnector(path: path, createsFile: true))
            let connection = try await SQLiteConnector(path: path).connect(ConnectionOptions(readOnly: true))
            let counting = Task {
                try await connection.withSession { session in
                    try session.query(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
                    )
                }
            }
            let interrupting = Task {
                while !Task.isCancelled {
                    connection.interrupt()
                    await Task.yield()
                }
            }
            await #expect(throws: SQLError.self) { _ = try await counting.value }
            interrupting.cancel()
        }
    }
}
