import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// Others who work on the same tables: an administrator who changes them, and the script that this program takes over from.
@Suite("A purge beside others")
struct BesideOthersTests {
    @Test("waits while the table is locked for a change of its form, and goes on", arguments: TestDatabase.Kind.servers)
    func alteredTable(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...2000))
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            try await eventually("some are purged") { world.confirmed > 100 || !running.isRunning }
            let administrator = try await world.database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            try await administrator.withSession { session in
                if kind == .postgres {
                    try session.execute("BEGIN")
                    try session.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                } else {
                    try session.execute("LOCK TABLES users WRITE")
                }
            }
            try await Task.sleep(for: .seconds(3))
            let sent = world.requests
            _ = try await administrator.withSession { session in
                try session.execute("ALTER TABLE users ADD COLUMN note VARCHAR(10)")
                return try session.execute(kind == .postgres ? "COMMIT" : "UNLOCK TABLES")
            }
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [])
            #expect(world.requests == 2000 && sent < 2000)
        }
    }

    @Test(
        "a script that deletes the same records is no harm, and no slot is freed twice",
        arguments: TestDatabase.Kind.servers
    )
    func otherScript(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            let count = 1200
            try await world.add(SandboxRecord.obsolete(1...Int64(count)))
            try await world.tokenserver.execute(
                "UPDATE nodes SET capacity = 5000, available = 100, current_load = 2000"
            )
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            // One record at a time, the newest first, so that they meet: it gives back a slot for what it has deleted.
            let script = try await world.database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            var byScript = 0
            for uid in stride(from: Int64(count), through: 1, by: -1) where running.isRunning {
                byScript += try await script.withSession { session in
                    let deleted = try session.execute("DELETE FROM users WHERE uid = \(uid)")
                    if deleted > 0 {
                        try session.execute(
                            "UPDATE nodes SET available = available + 1, current_load = current_load - 1 WHERE id = 1"
                        )
                    }
                    return deleted
                }
            }
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [])
            #expect(byScript > 0)
            #expect(try run.summary()["records_deleted"] as? Int == count - byScript)
            let node = try #require(try await world.tokenserver.nodes().first)
            #expect(node.available == 100 + count && node.currentLoad == 2000 - count)
        }
    }
}
