import Databases
import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// After a restore or a bulk load, a server's statistics may say anything of the tables (law 14).
@Suite("Statements on servers, whatever the statistics say")
struct StatisticsContract {
    enum Statistics: String, CaseIterable {
        /// As the server makes them.
        case real
        /// There are none: the table was never analyzed. (MySQL and MariaDB have none that is not empty.)
        case unknown
        /// The table is empty.
        case empty
        /// Every index leads to half of the table, which is enormous.
        case inverted
    }

    /// So many that reading all of them shows.
    private static let count: Int64 = 6000
    private static let cutoff = Timestamp(1_000_000)

    private static func withTable(
        _ kind: TestDatabase.Kind,
        _ statistics: Statistics,
        _ body: (TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with(kind) { database in
            let tokenserver = database.tokenserver
            if kind == .postgres {
                try await tokenserver.execute("ALTER TABLE users SET (autovacuum_enabled = false)")
                if statistics == .inverted { try await mislead(tokenserver) }
            }
            try await tokenserver.insert([.live(1), .live(2)])
            var records: [SandboxRecord] = (1...count).map { uid in
                .obsolete(uid, replacedAt: uid % 3 == 0 ? 5000 : uid, user: "user\(uid / 2)", node: 1 + uid % 2)
            }
            records += (count + 1...count + 1000).map { .active($0, user: "user\($0 - count)") }
            try await tokenserver.insert(records)
            if kind == .postgres {
                try await setPostgres(statistics, tokenserver)
            } else {
                try await tokenserver.execute("ANALYZE TABLE users")
                try await setMySQL(statistics, tokenserver)
            }
            try await body(database)
        }
    }

    /// Statistics of a table in which everything belongs to one user and was replaced at one moment.
    private static func mislead(_ tokenserver: SandboxTokenserver) async throws {
        try await tokenserver.insert((1...1000).map { .obsolete(1_000_000 + $0, replacedAt: 5000, user: "user1") })
        try await tokenserver.execute("ANALYZE users")
        try await tokenserver.execute("DELETE FROM users")
    }

    private static func setPostgres(_ statistics: Statistics, _ tokenserver: SandboxTokenserver) async throws {
        let ofUsers: SQLStatement = """
            (oid = 'users'::regclass OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'users'::regclass))
            """
        switch statistics {
        case .real: try await tokenserver.execute("ANALYZE users")
        case .unknown: break
        case .empty:
            try await tokenserver.execute(
                "UPDATE pg_class SET reltuples = 0, relpages = 1 WHERE \(ofUsers)"
            )
        case .inverted:
            try await tokenserver.execute(
                "UPDATE pg_class SET reltuples = 1e9, relpages = 1 WHERE \(ofUsers)"
            )
        }
    }

    private static func setMySQL(_ statistics: Statistics, _ tokenserver: SandboxTokenserver) async throws {
        if statistics == .real { return }
        let (rows, distinct, size) = statistics == .empty ? (0, 0, 1) : (100_000_000, 2, 1_000_000)
        for statement: SQLStatement in [
            "ALTER TABLE users STATS_AUTO_RECALC = 0",
            """
            UPDATE mysql.innodb_table_stats SET n_rows = \(rows), clustered_index_size = \(size), \
            sum_of_other_index_sizes = \(size) WHERE database_name = DATABASE() AND table_name = 'users'
            """,
            """
            UPDATE mysql.innodb_index_stats SET stat_value = CASE WHEN stat_name LIKE 'n_diff%' THEN \(distinct) \
            ELSE \(size) END WHERE database_name = DATABASE() AND table_name = 'users'
            """,
            "FLUSH TABLES users",
        ] {
            try await tokenserver.execute(statement)
        }
    }

    /// A kind of server, with what its statistics say.
    private static let cases: [(TestDatabase.Kind, Statistics)] = TestDatabase.Kind.servers.flatMap { kind in
        Statistics.allCases.filter { $0 != .unknown || kind == .postgres }.map { (kind, $0) }
    }

    /// How many rows a server of MySQL or MariaDB read for the body, on all of its connections, less what the question
    /// itself costs.
    private static func handlerReads(_ database: TestDatabase, by body: () async throws -> Void) async throws -> Int {
        let witness = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
        func count() async throws -> Int {
            try await witness.withSession { session in
                try session.query("SHOW GLOBAL STATUS LIKE 'Handler_read%'").map { Int(try $0.text(1)) ?? 0 }.reduce(
                    0,
                    +
                )
            }
        }
        _ = try await count()
        let first = try await count()
        let second = try await count()
        try await body()
        return try await count() - second - (second - first)
    }

    @Test(
        "read no more rows than the page or the batch asks for",
        arguments: cases
    )
    func rowsRead(_ kind: TestDatabase.Kind, _ statistics: Statistics) async throws {
        try await Self.withTable(kind, statistics) { database async throws in
            let limits = WindowLimits(entries: 60, blocks: 8...8)
            let witness = RowsWitness()
            let plain = try database.connector
            let connector = kind == .postgres ? witness.connector(plain) : plain
            let store = try await TokenserverStore.open(connector, tracksSlots: true, limits: limits)
            let scope = BacklogScope(cutoff: Self.cutoff)
            func check(_ what: String, atMost bound: Int, _ body: () async throws -> Void) async throws {
                if kind != .postgres {
                    let rows = try await Self.handlerReads(database, by: body)
                    #expect(rows <= bound, "\(what) read \(rows) rows, \(statistics)")
                    return
                }
                witness.forget()
                try await body()
                let (rows, worst) = (witness.rows, witness.worst)
                #expect(rows > 0 && rows <= bound, "\(what) read \(rows) rows, \(statistics): \(worst)")
                #expect(witness.blocks <= 4 * bound, "\(what) read \(witness.blocks) blocks, \(statistics): \(worst)")
            }
            var cursor: BacklogKey?
            for number in 0..<8 {
                try await check("page \(number)", atMost: 400) {
                    let page = try await store.page(BacklogQuery(scope: scope, cursor: cursor, limit: 20))
                    // PostgreSQL ends a page where the records of one moment begin.
                    #expect(kind == .postgres ? page.entries.count > 0 : page.entries.count == 20)
                    cursor = page.examinedUpTo
                }
            }
            // Amid the records of one and the same moment; PostgreSQL walks eight blocks of the table.
            for uid: Int64 in [0, 3000] {
                let key = BacklogKey(replacedAt: Timestamp(5000), tiebreaker: uid)
                try await check("a page behind \(uid)", atMost: 1200) {
                    let page = try await store.page(BacklogQuery(scope: scope, cursor: key, limit: 20))
                    #expect(page.entries.count == 20)
                }
            }
            try await check("a page of deleted accounts", atMost: 400) {
                _ = try await store.page(BacklogQuery(scope: scope, accounts: .deleted, cursor: cursor, limit: 20))
            }
            try await check("twenty records", atMost: 300) {
                _ = try await store.entries((1...20).map { UID($0) }, scope: scope)
            }
            try await check("twenty standings", atMost: 40) {
                _ = try await store.standings((1...20).map { UID($0) })
            }
            for first in [Int64(1), 101, 201] {
                let uids = first..<first + 20
                try await check("a batch", atMost: 100) {
                    let batch = uids.map { Settlement.delete($0, node: 1 + $0 % 2, user: "user\($0 / 2)") }
                    let results = try await store.settle(batch, cutoff: Self.cutoff)
                    #expect(results.allSatisfy { $0 == .done })
                }
            }
            try await check("a batch of postponements", atMost: 100) {
                let batch = (Int64(400)..<420).map {
                    Settlement.postpone(
                        $0,
                        from: $0 % 3 == 0 ? 5000 : $0,
                        node: 1 + $0 % 2,
                        user: "user\($0 / 2)"
                    )
                }
                let results = try await store.settle(batch, cutoff: Self.cutoff)
                #expect(results.allSatisfy { $0 == .done })
            }
        }
    }

    @Test(
        "lock nothing but the batch and its nodes",
        arguments: cases
    )
    func locks(_ kind: TestDatabase.Kind, _ statistics: Statistics) async throws {
        try await Self.withTable(kind, statistics) { database async throws in
            let store = try await TokenserverStore.open(database.connector, tracksSlots: true)
            // All but the batch's rows are held by somebody else: whoever wants one of them waits, and is busy.
            let holder = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            try await holder.withSession { session in
                try session.execute("BEGIN")
                try session.execute("UPDATE users SET keys_changed_at = 11 WHERE uid > 20")
                try session.execute("UPDATE nodes SET backoff = 1 WHERE id = 2")
            }
            let own = (Int64(1)...20).filter { $0 % 2 == 0 }.map { Settlement.delete($0, user: "user\($0 / 2)") }
            let results = try await store.settle(own, cutoff: Self.cutoff)
            #expect(results.allSatisfy { $0 == .done })
            _ = try await holder.withSession { try $0.execute("ROLLBACK") }
        }
    }
}
