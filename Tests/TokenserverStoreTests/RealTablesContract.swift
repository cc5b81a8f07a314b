import DatabaseServers
import Dispatch
import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// What Tokenserver's tables hold in the wild, beside the rows that one thinks of first.
@Suite("Real tables")
struct RealTablesContract {
    private static let account = "0123456789abcdef0123456789abcdef"

    private static func with(
        _ kind: TestDatabase.Kind,
        _ records: [SandboxRecord],
        readsKin: Bool = true,
        _ body: (TestDatabase, any RecordStore) async throws -> Void
    ) async throws {
        try await TestDatabase.with(kind) { database async throws in
            try await database.tokenserver.insert([.live(1), .live(2)])
            try await database.tokenserver.insert(records)
            let store = try await TokenserverStore.open(database.connector, tracksSlots: true, readsKin: readsKin)
            try await body(database, store)
        }
    }

    private static func record(_ uid: Int64, _ email: String, replacedAt: Int64? = nil) -> SandboxRecord {
        var record = SandboxRecord.obsolete(uid, replacedAt: 5)
        record.email = email
        record.replacedAt = replacedAt
        record.createdAt = uid
        return record
    }

    @Test("rows of another service are nobody's here", arguments: TestDatabase.Kind.allCases)
    func otherServicesUsers(_ kind: TestDatabase.Kind) async throws {
        let email = "\(Self.account)@a.example"
        try await Self.with(kind, [Self.record(1, email, replacedAt: 5)]) { database, store async throws in
            let tokenserver = database.tokenserver
            try await tokenserver.execute("INSERT INTO services (id, service, pattern) VALUES (77, 'other', 'x')")
            for (uid, domain) in [(Int64(2), "a.example"), (3, "b.example")] {
                try await tokenserver.execute(
                    """
                    INSERT INTO users (uid, service, email, generation, keys_changed_at, client_state, created_at, \
                    replaced_at, nodeid) VALUES (\(uid), 77, \("\(Self.account)@\(domain)"), 1, 1, 'aa', 1, 5, 1)
                    """
                )
            }
            let page = try await store.page(BacklogQuery(scope: .all, limit: 10))
            #expect(page.entries.map(\.record.uid) == [UID(1)])
            #expect(page.entries.first?.others.isEmpty == true)
            #expect(page.entries.first?.kin.isEmpty == true)
            #expect(try await store.entries([UID(1), UID(2)], scope: .all).map(\.record.uid) == [UID(1)])
        }
    }

    @Test(
        "a node's row of another service is a node too, and any downed but 0 is down",
        arguments: TestDatabase.Kind.allCases
    )
    func nodes(_ kind: TestDatabase.Kind) async throws {
        try await Self.with(kind, [.obsolete(1, replacedAt: 5, node: 9)]) { database, store async throws in
            try await database.tokenserver.execute(
                """
                INSERT INTO nodes (id, service, node, available, current_load, capacity, downed, backoff) \
                VALUES (9, 77, 'http://other.example', 1, 1, 10, 7, 7)
                """
            )
            let node = try await store.nodes().first { $0.id == NodeID(9) }
            #expect(node?.isDowned == true && node?.isThrottled == true)
            let counter = TokenserverCounter(connector: try database.connector)
            #expect(try await counter.count(scope: .all, limit: .seconds(60))?.waitingForDownedNodes == 1)
            // Not nodeless, either.
            #expect(try await store.settle([.deleteNodeless(1, node: 9)], cutoff: Timestamp(1000)) == [.changed])
            #expect(try await store.settle([.delete(1, node: 9)], cutoff: Timestamp(1000)) == [.done])
        }
    }

    @Test("an account's records under other e-mail domains are its kin, by user", arguments: TestDatabase.Kind.allCases)
    func kin(_ kind: TestDatabase.Kind) async throws {
        for account in [Self.account, "\(Self.account.dropLast())9", "short", "wild%c_rd|s\\"] {
            let records = [
                Self.record(1, "\(account)@a.example", replacedAt: 5), Self.record(2, "\(account)@a.example"),
                Self.record(3, "\(account)@b.example", replacedAt: 900), Self.record(4, "\(account)@b.example"),
                Self.record(5, "\(account)@c.example"),
                // Neighbours in the index, and other accounts.
                Self.record(6, "\(account)0@a.example"), Self.record(7, "\(account.dropLast())@a.example"),
                Self.record(8, "\(account.dropLast())g@a.example"), Self.record(9, "x\(account)@a.example"),
            ]
            try await Self.with(kind, records) { _, store async throws in
                let page = try await store.page(BacklogQuery(scope: .all, limit: 10))
                let entry = try #require(page.entries.first { $0.record.uid == UID(1) })
                #expect(entry.others.map(\.uid.rawValue) == [2])
                #expect(Set(entry.kin.map { Set($0.map(\.uid.rawValue)) }) == [[3, 4], [5]], "\(account)")
                let other = try #require(page.entries.first { $0.record.uid == UID(3) })
                #expect(Set(other.kin.map { Set($0.map(\.uid.rawValue)) }) == [[1, 2], [5]], "\(account)")
            }
            try await Self.with(kind, records, readsKin: false) { _, store async throws in
                let page = try await store.page(BacklogQuery(scope: .all, limit: 10))
                #expect(page.entries.allSatisfy { $0.kin.isEmpty })
            }
        }
    }

    private static let spellings = [
        "user", "User", "USER", "user ", "usér", "use\u{301}r", "us\u{e9}r", "strasse", "straße", "ccs", "cscs",
        "another",
    ]

    @Test(
        "users are told apart as the column's collation does, whichever it is",
        arguments: TestDatabase.Kind.servers,
        [
            "latin1 COLLATE latin1_swedish_ci", "latin1 COLLATE latin1_bin", "utf8mb3 COLLATE utf8mb3_general_ci",
            "utf8mb4 COLLATE utf8mb4_bin", "utf8mb4 COLLATE utf8mb4_general_ci", "utf8mb4 COLLATE utf8mb4_unicode_ci",
            "utf8mb4 COLLATE utf8mb4_hungarian_ci",
        ]
    )
    func collations(_ kind: TestDatabase.Kind, _ collation: String) async throws {
        // PostgreSQL's compare byte by byte, unless somebody made one that doesn't.
        if kind == .postgres, collation != "utf8mb4 COLLATE utf8mb4_bin" { return }
        let isLatin = collation.hasPrefix("latin1")
        let spellings = Self.spellings.filter { !isLatin || !$0.unicodeScalars.contains("\u{301}") }
        let records = spellings.enumerated().map {
            Self.record(Int64($0.offset + 1), "\($0.element)@a.example", replacedAt: 5)
        }
        let padded = records.map { record in
            var record = record
            // A space counts, or doesn't, at the end only.
            if record.email.contains(" ") { record.email = "user@a.example " }
            return record
        }
        try await Self.with(kind, []) { database, store async throws in
            if kind != .postgres {
                try await database.tokenserver.execute(
                    "ALTER TABLE users MODIFY email VARCHAR(255) CHARACTER SET \(sql: collation) NOT NULL"
                )
            }
            try await database.tokenserver.insert(padded)
            // The server's own word, by another statement.
            let connection = try await database.ownerConnector.connect(ConnectionOptions(readOnly: true))
            let pairs = try await connection.withSession { session in
                try session.query(
                    "SELECT a.uid, b.uid FROM users a JOIN users b ON a.email = b.email AND a.uid <> b.uid"
                )
                .map { (UID(try $0.integer(0)), UID(try $0.integer(1))) }
            }
            let expected = Dictionary(grouping: pairs, by: \.0).mapValues { Set($0.map(\.1)) }
            let page = try await store.page(BacklogQuery(scope: .all, limit: 20))
            #expect(page.entries.count == padded.count)
            let again = try await store.entries(padded.map { UID($0.uid) }, scope: .all)
            #expect(again.count == padded.count)
            for entry in page.entries + again {
                #expect(Set(entry.others.map(\.uid)) == expected[entry.record.uid] ?? [], "\(entry.record.uid)")
            }
            let results = try await store.settle(
                page.entries.map { Settlement($0.record, .delete) },
                cutoff: Timestamp(1000)
            )
            #expect(results == padded.map { _ in .done })
        }
    }

    @Test("a record that somebody is just making active again is left alone", arguments: TestDatabase.Kind.servers)
    func lockedMeanwhile(_ kind: TestDatabase.Kind) async throws {
        try await Self.with(kind, [.obsolete(1, replacedAt: 5), .obsolete(2, replacedAt: 6)]) {
            database,
            store async throws in
            let other = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            try await other.withSession { session in
                try session.execute("BEGIN")
                try session.execute("UPDATE users SET replaced_at = NULL WHERE uid = 1")
            }
            let cutoff = Timestamp(1000)
            #expect(try await store.settle([.delete(1), .delete(2)], cutoff: cutoff) == [.locked, .done])
            _ = try await other.withSession { try $0.execute("COMMIT") }
            #expect(try await store.settle([.delete(1)], cutoff: cutoff) == [.changed])
            #expect(try await database.tokenserver.records().map(\.uid) == [1])
        }
    }

    @Test("what is too old by then is not written", arguments: TestDatabase.Kind.allCases)
    func stale(_ kind: TestDatabase.Kind) async throws {
        try await Self.with(kind, [.obsolete(1, replacedAt: 5), .obsolete(2, replacedAt: 6)]) {
            database,
            store async throws in
            func settlement(_ uid: Int64, _ notAfter: Duration) -> Settlement {
                Settlement(SandboxRecord.active(uid).userRecord, .delete, notAfter: .now + notAfter)
            }
            let batch = [settlement(1, .seconds(-1)), settlement(2, .seconds(60))]
            #expect(try await store.settle(batch, cutoff: Timestamp(1000)) == [.stale, .done])
            #expect(try await database.tokenserver.records().map(\.uid) == [1])
        }
    }

    @Test("a page examines a thousand index entries at most, unless told otherwise")
    func bound() async throws {
        let records = (Int64(1)...2500).map { SandboxRecord.obsolete($0, replacedAt: 5 + $0, node: 2) }
        try await Self.with(.sqlite, records) { _, store async throws in
            let query = BacklogQuery(
                scope: BacklogScope(cutoff: Timestamp(10_000)),
                nodes: .excluding([NodeID(2)]),
                limit: 10
            )
            let page = try await store.page(query)
            #expect(page.entries.isEmpty)
            let place = try #require(page.examinedUpTo)
            #expect((900...1000).contains(place.tiebreaker))
        }
    }
}
