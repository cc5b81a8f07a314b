import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

@Suite("Rows that Tokenserver's schema forbids")
struct MalformedRowTests {
    /// Lets the columns hold what Tokenserver's migrations forbid.
    private static func loosen(_ columns: [String], in world: TestWorld, _ kind: TestDatabase.Kind) async throws {
        if kind == .sqlite {
            for statement: SQLStatement in [
                """
                CREATE TABLE loose (uid INTEGER PRIMARY KEY AUTOINCREMENT, service INTEGER, email VARCHAR(255), \
                generation BIGINT, client_state VARCHAR(32), created_at BIGINT, replaced_at BIGINT, nodeid BIGINT, \
                keys_changed_at BIGINT)
                """,
                """
                INSERT INTO loose SELECT uid, service, email, generation, client_state, created_at, replaced_at, nodeid, \
                keys_changed_at FROM users
                """,
                "DROP TABLE users", "ALTER TABLE loose RENAME TO users",
                "CREATE INDEX lookup_idx ON users (email, service, created_at)",
                "CREATE INDEX replaced_at_idx ON users (service, replaced_at)",
            ] { try await world.tokenserver.execute(statement) }
            return
        }
        let types = ["email": "VARCHAR(255)", "client_state": "VARCHAR(32)"]
        for column in columns {
            let change =
                kind == .postgres
                ? "ALTER COLUMN \(column) DROP NOT NULL" : "MODIFY \(column) \(types[column] ?? "BIGINT") NULL"
            try await world.tokenserver.execute("ALTER TABLE users \(sql: change)")
        }
    }

    @Test(
        "end nothing: they fail with uid and column, stay as they are, and the others are purged",
        arguments: TestDatabase.Kind.allCases
    )
    func columns(_ kind: TestDatabase.Kind) async throws {
        let columns = ["nodeid", "generation", "client_state", "created_at", "email"]
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...30))
            try await Self.loosen(columns, in: world, kind)
            for (uid, column) in zip(11..., columns) {
                try await world.tokenserver.execute("UPDATE users SET \(sql: column) = NULL WHERE uid = \(Int64(uid))")
            }
            let purge = try await Program.purge.run(["--oneshot"], environment: world.environment)
            #expect(purge.code == 3, "\(purge.error)")
            for (uid, column) in zip(11..., columns) {
                let lines = try purge.logLines().filter { $0["uid"] as? Int == uid }
                #expect(lines.count == 1, "\(column): \(lines)")
                #expect((lines.first?["message"] as? String)?.contains("\(column) is NULL") == true, "\(lines)")
            }
            #expect(try purge.summary()["records_deleted"] as? Int == 25)
            #expect(try purge.summary()["failed_by_reason"] as? [String: Int] == ["malformed": 5])
            #expect(try purge.summary()["records_deferred"] as? Int == 0)
            #expect(try await world.tokenserver.recordCount() == 5)
            let dryRun = try await Program.purge.run(["--oneshot", "--dryrun"], environment: world.environment)
            #expect(dryRun.code == 3, "\(dryRun.error)")
            let backlog = try await Program.purge.run(["backlog", "--list"], environment: world.environment)
            #expect(backlog.code == 0 && backlog.output.contains("MALFORMED"), "\(backlog.output)\(backlog.error)")
            // Once they are correct again, they are purged: their age was not lost.
            try await world.tokenserver.execute(
                """
                UPDATE users SET nodeid = 1, generation = 1000 + uid, client_state = 'abcd', created_at = 1, \
                email = 'user11@example.com'
                """
            )
            #expect(try await world.purge("--no-write-check").code == 0)
            #expect(try await world.tokenserver.recordCount() == 0)
        }
    }

    @Test(
        "keep an account's data where they make it unknown what the next login reads",
        arguments: TestDatabase.Kind.allCases
    )
    func nextLogin(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.account]) { world async throws in
            // The active record has another key, so this one's data would go.
            try await world.add([
                .obsolete(1, user: "a"), .active(2, user: "a"), .obsolete(3, user: "b"), .active(4, user: "b"),
            ])
            try await Self.loosen(["generation"], in: world, kind)
            try await world.tokenserver.execute("UPDATE users SET generation = NULL WHERE uid = 2")
            let run = try await Program.purge.run(
                ["--oneshot", "--node-type", "spanner"],
                environment: world.environment
            )
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.tokenserver.recordCount() == 3)
            #expect(try run.summary()["held_by_reason"] as? [String: Int] == ["shared_data": 1])
        }
    }
}
