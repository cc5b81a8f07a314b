import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// The audit log of real runs, and what `audit` and `backlog` read in it.
@Suite("The audit log of a run")
struct AuditTests {
    @Test("has an intent and an outcome for each record, and neither an e-mail address nor the secret")
    func lines() async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...30) + SandboxRecord.obsolete(40...42, node: 9))
            world.nodes[0].setFaults([
                try Fault(parsing: "status=412,uids=7"), try Fault(parsing: "status=403,uids=8"),
            ])
            let log = world.folder.appending(path: "audit.log").path
            let run = try await world.purge("--audit-log", log)
            #expect(run.code == 3, "\(run.error)")
            let text = try String(contentsOfFile: log, encoding: .utf8)
            #expect(!text.contains("@") && !text.contains("user1") && !text.contains(TestWorld.secret))
            let lines = text.split(separator: "\n")
            #expect(lines.count { $0.contains("\"event\":\"intent\"") } == 33)
            #expect(lines.count { $0.contains("\"event\":\"outcome\"") } == 33)
            #expect(lines.count { $0.contains("\"data\":\"deleted\"") && $0.contains("\"record\":\"deleted\"") } == 28)
            #expect(lines.count { $0.contains("\"data\":\"not_own\"") && $0.contains("\"kind\":\"nodeless\"") } == 3)
            #expect(lines.contains { $0.contains("\"uid\":7,") && $0.contains("\"reason\":\"written_since\"") })
            #expect(lines.contains { $0.contains("\"uid\":8,") && $0.contains("\"status\":403") })

            let all = try await Program.purge.run(["audit", log])
            #expect(all.code == 0)
            #expect(all.output.contains("data deleted: 28"))
            #expect(all.output.contains("intents without an outcome: 0"))
            let deleted = try await Program.purge.run(["audit", "--uid", "3", log])
            #expect(deleted.code == 0)
            #expect(deleted.output.contains("uid 3: data deleted on \(world.nodes[0].url), status 200"))
            #expect(deleted.output.contains("last written at"))
            let kept = try await Program.purge.run(["audit", "--uid", "7", log])
            #expect(kept.code == 3)
            #expect(kept.output.contains("data not deleted, status 412"))
        }
    }

    @Test(
        "names what a killed run left open; the next run purges it and closes it, wherever it was rotated to",
        arguments: TestDatabase.Kind.allCases
    )
    func killed(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(60)))
            try await world.add(SandboxRecord.obsolete(1...300))
            let log = world.folder.appending(path: "audit.log").path
            let running = try Program.purge.start(["--oneshot", "--audit-log", log], environment: world.environment)
            try await eventually("some are purged") { world.confirmed > 40 || !running.isRunning }
            running.send(SIGKILL)
            _ = await running.finished()
            let open = try await Program.purge.run(["audit", log])
            #expect(open.code == 3, "\(open.output)")
            // What a node did, the log knew beforehand.
            let intended = try AuditedLines(log).count("\"event\":\"intent\"")
            #expect(intended >= world.confirmed)
            try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
            #expect(try await world.purge("--audit-log", log).code == 0)
            #expect(try await world.uids() == [])
            let deleted = try await Program.purge.run(["audit", "--uid", "300", log, log + ".1"])
            #expect(deleted.code == 0, "\(deleted.output)")

            let closed = try await Program.purge.run(["audit", log, log + ".1"])
            #expect(closed.code == 0, "\(closed.output)")
            #expect(closed.output.contains("intents without an outcome: 0"))
            #expect(closed.output.contains("closed by a later run: "), "\(closed.output)")
            let lines = try AuditedLines(log, log + ".1")
            #expect(lines.count("\"event\":\"intent\"") == lines.count("\"event\":\"outcome\""))
            #expect(lines.count("\"event\":\"outcome\"", "\"reason\":\"closed_later\"", "\"data\":\"unknown\"") > 0)
            #expect(closed.output.contains("outcomes: \(lines.count("\"event\":\"outcome\""))"), "\(closed.output)")
        }
    }

    @Test("of a living process is left alone by others; they close it once it is dead")
    func living() async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...20))
            world.nodes[0].setFaults([try Fault(parsing: "hang,uids=4")])
            let log = world.folder.appending(path: "audit.log").path
            let living = try Program.purge.start(
                ["--oneshot", "--shard", "0/2", "--audit-log", log],
                environment: world.environment
            )
            try await eventually("only one hangs") { try await world.uids().count == 11 || !living.isRunning }
            let other = try await world.purge("-v", "-v", "--shard", "1/2", "--audit-log", log)
            #expect(other.code == 0, "\(other.error)")
            #expect(other.error.contains("closes no intents"), "\(other.error)")
            #expect(try await world.uids() == [4])
            #expect(try AuditedLines(log).count("closed_by") == 0)
            let open = try await Program.purge.run(["audit", log])
            #expect(open.code == 3)
            #expect(open.output.contains("intents without an outcome: 1"), "\(open.output)")
            living.send(SIGKILL)
            _ = await living.finished()

            try await world.tokenserver.execute("UPDATE users SET replaced_at = NULL WHERE uid = 4")
            world.nodes[0].setFaults([])
            #expect(try await world.purge("--audit-log", log).code == 0)
            #expect(try AuditedLines(log).count("closed_by", "\"uid\":4,", "\"record\":\"changed\"") == 1)
            let closed = try await Program.purge.run(["audit", log])
            #expect(closed.code == 0, "\(closed.output)")
            #expect(closed.output.contains("closed by a later run: 1"), "\(closed.output)")
        }
    }

    @Test("that can't be written ends with 1, and nothing is sent")
    func full() async throws {
        // SQLite would not be able to write either.
        try await TestWorld.with(.postgres) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3))
            let log = world.folder.appending(path: "audit.log").path
            let command = "ulimit -f 0; exec \"$0\" --oneshot --node-type mysql --audit-log '\(log)'"
            let run = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                world.environment.map { "\($0)=\($1)" } + ["sh", "-c", command, Program.purge.url.path]
            )
            #expect(run.code == 1)
            #expect(run.text.contains("audit log \(log)") && run.text.contains("File too large"), "\(run.text)")
            #expect(world.requests == 0)
            #expect(try await world.uids() == [1, 2, 3])
        }
    }

    @Test("that can't be opened ends with 1, and nothing is sent")
    func unwritable() async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3))
            let run = try await world.purge("--audit-log", "/no/such/folder/audit.log")
            #expect(run.code == 1)
            #expect(run.error.contains("audit log /no/such/folder/audit.log"), "\(run.error)")
            #expect(world.requests == 0)
            #expect(try await world.uids() == [1, 2, 3])
        }
    }

    @Test("is reopened on SIGHUP, so that it can be rotated under a service")
    func rotation() async throws {
        try await TestWorld.with { world async throws in
            try await world.add([.obsolete(1)])
            let log = world.folder.appending(path: "audit.log").path
            let running = try Program.purge.start(
                ["--purge-interval", "0", "--audit-log", log],
                environment: world.environment
            )
            try await eventually("the first is purged") { try await world.uids() == [] }
            try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
            running.send(SIGHUP)
            try await eventually("it says so") { running.errorSoFar.contains("Reopening the audit log") }
            try await world.add([.obsolete(2)])
            try await eventually("the second is purged") { try await world.uids() == [] }
            running.send(SIGTERM)
            #expect(await running.finished().code == 0)
            #expect(try String(contentsOfFile: log + ".1", encoding: .utf8).contains("\"uid\":1,"))
            #expect(try String(contentsOfFile: log, encoding: .utf8).contains("\"uid\":2,"))
            #expect(try await Program.purge.run(["audit", log, log + ".1"]).code == 0)
        }
    }

    @Test("lets backlog tell what only the nodes could, as of then", arguments: TestDatabase.Kind.allCases)
    func backlog(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.account]) { world async throws in
            var retired = SandboxRecord.obsolete(5, daysAgo: 40)
            retired.generation = .max
            try await world.add(SandboxRecord.obsolete(1...4) + [retired, .active(9, user: "user2")])
            world.nodes[0].setFaults([try Fault(parsing: "status=412,uids=3")])
            let log = world.folder.appending(path: "audit.log").path
            #expect(try await world.purge("--node-type", "postgres", "--audit-log", log, "--range_end", "4").code == 0)
            let report = try await Program.purge.run(
                ["backlog", "--node-type", "spanner", "--list", "--json", "--audit-log", log],
                environment: world.environment
            )
            #expect(report.code == 0, "\(report.error)")
            let objects = try report.output.split(separator: "\n").map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
            let records = objects.compactMap { $0["record"] as? [String: Any] }
            #expect(records.map { $0["uid"] as? Int } == [3, 4])
            #expect(records.first?["last_answer"] as? String == "written_since")
            let backlog = try #require(objects.last?["backlog"] as? [String: Any])
            let answers = try #require(backlog["last_answers"] as? [String: [String: Any]])
            #expect(answers["written_since"]?["count"] as? Int == 1)
            let remedy = try #require(answers["written_since"]?["remedy"] as? String)
            #expect(remedy.contains("--no-write-check"))
            let causes = try #require(backlog["by_cause"] as? [String: [String: Any]])
            #expect(causes["deleted_account"]?["purgeable"] as? Int == 1)
            #expect(causes["unassigned"]?["held"] as? Int == 2)
            let oldest = try #require(causes["deleted_account"]?["oldest_replaced_at"] as? String)
            let moment = try Date(oldest, strategy: .iso8601)
            #expect(abs(moment.timeIntervalSince1970 * 1000 - Double(retired.replacedAt ?? 0)) < 1000)
            let table = try await Program.purge.run(
                ["backlog", "--node-type", "spanner", "--audit-log", log],
                environment: world.environment
            )
            #expect(table.output.contains("LAST ANSWERS OF NODES, AS OF"))
            #expect(table.output.contains("deleted_account"))
        }
    }

    @Test("audit tells wrong input in one line")
    func wrongInput() async throws {
        let none = try await Program.purge.run(["audit"])
        #expect(none.code == 64)
        let missing = try await Program.purge.run(["audit", "/no/such/file"])
        #expect(missing.code == 1)
        #expect(missing.error.contains("/no/such/file can't be read"))
        #expect(try await Program.purge.run(["audit", "--uid", "x", "/dev/null"]).code == 64)
        for arguments in [["--audit-log", ""], ["--audit-log", "/tmp/a", "--secret-file", "/tmp/../tmp/a"]] {
            let run = try await Program.purge.run(["--database-url", "sqlite:/tmp/x"] + arguments)
            #expect(run.code == 64, "\(run.error)")
        }
    }
}

/// The lines of audit logs, as text.
private struct AuditedLines {
    private let lines: [Substring]

    init(_ paths: String...) throws {
        lines = try paths.flatMap { try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n") }
    }

    /// How many of them hold all of these.
    func count(_ texts: String...) -> Int {
        lines.count { line in texts.allSatisfy { line.contains($0) } }
    }
}
