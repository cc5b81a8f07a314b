import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing

@Suite("The result of a one-shot run")
struct ResultTests {
    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    @Test("is text on standard output: what ended, and a line for each thing that happened")
    func text() async throws {
        try await TestWorld.with(keying: [.uid, .uid]) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...1200) + SandboxRecord.obsolete(2001...2300, node: 2))
            world.nodes[0].setFaults([try Fault(parsing: "status=400,uids=3")])
            await world.nodes[1].stop()
            let run = try await world.purge("--connect-timeout", "1")
            #expect(run.code == 3)
            let lines = Self.lines(run.output)
            #expect(lines.first?.hasPrefix("Run ended: incomplete, after ") == true, "\(run.output)")
            #expect(
                lines.contains("  deleted   1,199  1,199 with their data, as their nodes confirmed"),
                "\(run.output)"
            )
            #expect(lines.contains { $0.hasPrefix("  failed        1  http_4xx: ") }, "\(run.output)")
            // As many as the database has, though most of them were never read.
            #expect(
                lines.contains(
                    "  skipped     300  on \(world.nodes[1].url): it can't be reached (connection refused); see to the node, "
                        + "or mark it as down"
                ),
                "\(run.output)"
            )
            #expect(lines.contains { $0.hasPrefix("  deferred      1  of the failed") }, "\(run.output)")
            #expect(lines.count == 5, "\(run.output)")
            #expect(try run.summary()["records_skipped"] as? Int == 300)
            #expect(try run.summary()["stop_reason"] as? String == "incomplete")
        }
    }

    @Test("is a line of JSON with --json, for a dry run too, and keeps to its schema")
    func json() async throws {
        try await TestWorld.with(keying: [.uid, .uid]) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...20) + [.obsolete(30, node: 2), .obsolete(31, node: 9)])
            await world.nodes[1].stop()
            let dryRun = try await world.purge("--dryrun", "--json")
            let run = try await world.purge("--json", "--connect-timeout", "1")
            let (first, second) = (Self.lines(dryRun.output), Self.lines(run.output))
            #expect(first.count == 1 && second.count == 1)
            try Schema.check(first + second, "run")
            func object(_ line: String?) throws -> [String: Any] {
                let object = try JSONSerialization.jsonObject(with: Data((line ?? "").utf8)) as? [String: Any]
                return try #require(object?["run"] as? [String: Any])
            }
            #expect(try object(first.first)["would_delete"] as? Int == 22)
            let result = try object(second.first)
            #expect(result["records_deleted"] as? Int == 21 && result["records_skipped"] as? Int == 1)
            let trouble = try #require((result["nodes_in_trouble"] as? [[String: Any]])?.first)
            #expect(trouble["records_left"] as? Int == 1)
        }
    }

    @Test("the report on the backlog and /status keep to their schemas")
    func otherDocuments() async throws {
        try await TestWorld.with(keying: [.uid, .account]) { world async throws in
            var downed = SandboxTokenserver.NodeRow(id: NodeID(3), url: "http://down.example")
            downed.downed = 1
            try await world.tokenserver.insert([downed])
            var bad = SandboxRecord.obsolete(60)
            bad.clientState = "no hex"
            try await world.add(
                SandboxRecord.obsolete(1...20) + SandboxRecord.obsolete(31...35, node: 2)
                    + SandboxRecord.obsolete(41...42, node: 3) + [.obsolete(50, node: 9), bad]
            )
            let log = world.folder.appending(path: "audit").path
            world.nodes[0].setFaults([try Fault(parsing: "status=400,uids=3")])
            let service = try Program.purge.start(
                ["--listen", "0", "--age-slo", "30d", "--audit-log", log, "--max-rate", "200"],
                environment: world.environment
            )
            let watcher = try await Watcher(service)
            var documents = [try watcher.get("status").text]
            try await eventually("the run has ended") {
                documents.append(try watcher.get("status").text)
                return documents.last?.contains("\"last_runs\":[{") == true
            }
            service.send(SIGTERM)
            _ = await service.finished()
            try Schema.check(documents.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }, "status")
            let report = try await Program.purge.run(
                ["backlog", "--json", "--list", "--audit-log", log],
                environment: world.environment
            )
            try Schema.check(Self.lines(report.output), "backlog")
            #expect(report.output.contains("\"deferred_until\":"), "\(report.output)")
            #expect(report.output.contains("\"url\":\"\(world.nodes[0].url)\""))
            let table = try await Program.purge.run(
                ["backlog", "--audit-log", log],
                environment: world.environment
            )
            #expect(table.output.contains("DEFERRED AFTER A FAILURE"), "\(table.output)")
        }
    }

    @Test(
        "a dry run says what the run then deletes, deleted accounts' last records too",
        arguments: TestDatabase.Kind.allCases
    )
    func sums(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.account]) { world async throws in
            var records: [SandboxRecord] = []
            // Accounts that were deleted after they had been replaced several times, and users who may come back.
            for account in Int64(0)..<8 {
                for generation in Int64(0)..<3 {
                    var record = SandboxRecord.obsolete(account * 10 + generation + 1, user: "gone\(account)")
                    if generation == 2 { (record.generation, record.keysChangedAt) = (.max, 5000 + account) }
                    records.append(record)
                }
            }
            records += SandboxRecord.obsolete(201...205) + SandboxRecord.replaced(301...320)
            try await world.add(records)
            func run(_ arguments: [String]) async throws -> Program.Finished {
                try await Program.purge.run(arguments + ["--node-type", "spanner"], environment: world.environment)
            }
            let backlog = try await run(["backlog", "--json"]).output
            let purgeable = try #require(backlog.firstMatch(of: /"total":\{[^}]*"purgeable":(\d+)/)?.1)
            let dry = try await run(["--oneshot", "--dryrun"]).summary()["records_deleted"] as? Int
            let run = try await run(["--oneshot"])
            let deleted = try run.summary()["records_deleted"] as? Int
            #expect(dry == deleted && Int(purgeable) == deleted, "\(purgeable) \(String(describing: dry)) \(run.error)")
            #expect(deleted == 44)
        }
    }
}
