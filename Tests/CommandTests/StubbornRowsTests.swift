import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

@Suite("Rows that somebody holds, or the database refuses to delete")
struct StubbornRowsTests {
    @Test("a row that is held for three seconds is purged in the same run", arguments: TestDatabase.Kind.servers)
    func heldForAWhile(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...150))
            let holder = try await world.database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            try await holder.withSession { session in
                try session.execute("BEGIN")
                try session.execute("UPDATE users SET client_state = 'cc' WHERE uid = 77")
            }
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            try await eventually("all others are purged") { try await world.uids() == [77] || !running.isRunning }
            #expect(running.isRunning)
            try await Task.sleep(for: .seconds(3))
            _ = try await holder.withSession { try $0.execute("ROLLBACK") }
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [])
            #expect(try run.summary()["records_deleted"] as? Int == 150)
            // Its data was deleted once.
            #expect(world.requests == 150)
        }
    }

    @Test(
        "records that the database refuses to delete are named, with its words; all others are purged",
        arguments: TestDatabase.Kind.allCases
    )
    func refused(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...300))
            let stubborn: [Int64] = [50, 51, 222]
            try await world.database.refuseDeletions("legal hold", ofUIDs: stubborn)
            let audit = world.folder.appending(path: "audit.jsonl").path
            for _ in 0..<2 {
                let run = try await Program.purge.run(
                    ["--oneshot", "--audit-log", audit],
                    environment: world.environment
                )
                #expect(run.code == 3, "\(run.error)")
                #expect(try await world.uids() == stubborn)
                let lines = try run.logLines()
                for uid in stubborn {
                    #expect(
                        lines.contains {
                            $0["uid"] as? Int == Int(uid)
                                && "\($0["message"] ?? "")".contains(
                                    kind == .postgres ? "trigger in the database failed" : "legal hold"
                                )
                        },
                        "\(uid)"
                    )
                }
                #expect(try run.summary()["records_failed"] as? Int == 3)
            }
            // Each is told in the audit log as what it is: the data is gone, the record is kept.
            let told = try String(contentsOfFile: audit, encoding: .utf8)
                .split(separator: "\n").filter { $0.contains("database_refused") }
            #expect(told.count == 6)
            #expect(told.allSatisfy { $0.contains(#""data":"deleted""#) && $0.contains(#""record":"kept""#) })
        }
    }

    @Test("while nothing can be settled, two batches more are sent at most", arguments: TestDatabase.Kind.servers)
    func nothingSettled(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            let count = 6000
            try await world.add(SandboxRecord.obsolete(1...Int64(count)))
            let holder = try await world.database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            try await eventually("some are purged") { try await world.uids().count < count - 300 || !running.isRunning }
            // Every batch gives its slots back to this row.
            try await holder.withSession { session in
                try session.execute("BEGIN")
                try session.execute("UPDATE nodes SET backoff = 0 WHERE id = 1")
            }
            let (sent, before) = (world.requests, try await world.uids().count)
            try await Task.sleep(for: .seconds(4))
            let left = try await world.uids().count
            // A batch more may have been on its way when the row was held.
            #expect(before - left <= 100)
            #expect(world.requests - sent <= 300 && running.isRunning, "\(world.requests - sent) more")
            _ = try await holder.withSession { try $0.execute("ROLLBACK") }
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(world.requests == count)
        }
    }
}
