import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// Each of the original's options does what its document says.
@Suite("The original's options")
struct OriginalOptionsTests {
    @Test("a secret and a database are all it takes to purge", arguments: TestDatabase.Kind.allCases)
    func basicPurge(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...40) + [.active(100), .obsolete(101, daysAgo: 0)])
            let run = try await Program.purge.run(
                ["--oneshot", TestWorld.secret],
                environment: ["SYNC_TOKENSERVER__DATABASE_URL": world.databaseURL]
            )
            #expect(run.code == 0)
            #expect(try await world.uids() == [100, 101])
            #expect(world.confirmed == 40)
            #expect(world.nodes[0].data.has(.uid(100)) && world.nodes[0].data.has(.uid(101)))
            #expect(try run.summary()["records_deleted"] as? Int == 40)
            #expect(run.error.contains("process list"), "no warning about the exposed secret")
        }
    }

    @Test(
        "--dryrun covers a backlog of many pages, changes nothing and sends nothing (law 7)",
        arguments: TestDatabase.Kind.allCases
    )
    func dryRun(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            var downed = SandboxTokenserver.NodeRow(id: NodeID(2), url: "http://127.0.0.1:9")
            downed.downed = 1
            try await world.tokenserver.insert([downed])
            try await world.add(SandboxRecord.obsolete(1...1234) + SandboxRecord.obsolete(2001...2010, node: 2))
            let before = (try await world.tokenserver.records(), try await world.tokenserver.nodes())
            for extra in [[], ["--force", "--override_node", world.nodes[0].url]] {
                let run = try await Program.purge.run(
                    ["--dryrun", "--oneshot"] + extra,
                    environment: world.environment
                )
                #expect(run.code == 0)
                let summary = try run.summary()
                #expect(summary["records_deleted"] as? Int == (extra.isEmpty ? 1234 : 1244))
                #expect(summary["dry_run"] as? Bool == true)
                #expect(try await world.tokenserver.records() == before.0)
                #expect(try await world.tokenserver.nodes() == before.1)
                #expect(world.requests == 0)
            }
        }
    }

    @Test("--max-records 25 with pages of 10 purges exactly 25", arguments: TestDatabase.Kind.allCases)
    func maxRecords(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...100))
            let run = try await world.purge("--max-records", "25", "--max-per-loop", "10")
            #expect(run.code == 0)
            #expect(world.requests == 25)
            #expect(try await world.uids().count == 75)
            #expect(try run.summary()["stop_reason"] as? String == "max_records")
            let rehearsal = try await world.purge("--max-records", "25", "--dryrun")
            #expect(try rehearsal.summary()["data_deleted"] as? Int == 25)
        }
    }

    @Test(
        "--max-offset, within the backlog or beyond it, still purges everything",
        arguments: TestDatabase.Kind.allCases,
        ["5", "100000"]
    )
    func maxOffset(_ kind: TestDatabase.Kind, _ offset: String) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...60) + [.active(61)])
            let run = try await world.purge("--max-offset", offset)
            #expect(run.code == 0)
            #expect(try await world.uids() == [61])
            #expect(world.requests == 60)
        }
    }

    @Test("--grace-period counts in seconds, and below 0 means one week", arguments: TestDatabase.Kind.allCases)
    func gracePeriod(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1, daysAgo: 2), .obsolete(2, daysAgo: 6), .obsolete(3, daysAgo: 8)])
            #expect(try await world.purge("--grace-period", "-1").code == 0)
            #expect(try await world.uids() == [1, 2])
            #expect(try await world.purge("--grace-period", String(5 * 86_400)).code == 0)
            #expect(try await world.uids() == [1])
        }
    }

    @Test(
        "every time may have a unit, and a dry run and a time limit have their names of other tools",
        arguments: [TestDatabase.Kind.sqlite]
    )
    func units(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1, daysAgo: 2), .obsolete(2, daysAgo: 6), .obsolete(3, daysAgo: 8)])
            for (grace, purgeable) in [("1w", 1), ("168h", 1), ("5d", 2), ("432000s", 2), ("1440m", 3), ("86400", 3)] {
                let run = try await world.purge(
                    "--dry-run",
                    "-v",
                    "--run-time",
                    "4h",
                    "--grace-period",
                    grace,
                    "--purge-interval",
                    "30m",
                    "--database-timeout",
                    "1m",
                    "--request-timeout",
                    "1m",
                    "--connect-timeout",
                    "5s",
                    "--token-duration",
                    "1h",
                    "--quiet-time",
                    "0d"
                )
                #expect(run.code == 0)
                #expect(try run.summary()["data_deleted"] as? Int == purgeable)
                #expect(run.error.contains("\"max_runtime_s\":14400"))
            }
            #expect(try await world.uids() == [1, 2, 3])
        }
    }

    @Test("uid ranges are exclusive at both ends, in both spellings", arguments: TestDatabase.Kind.allCases)
    func uidRange(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...9))
            #expect(try await world.purge("--range_start", "3", "--range_end=6").code == 0)
            #expect(try await world.uids() == [1, 2, 3, 6, 7, 8, 9])
            #expect(try await world.purge("--range-start=6", "--range-end", "8").code == 0)
            #expect(try await world.uids() == [1, 2, 3, 6, 8, 9])
        }
    }

    @Test(
        "thousands of records on a downed node in front don't delay those behind; --force purges them too",
        arguments: TestDatabase.Kind.allCases
    )
    func downedNodes(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.uid, .uid]) { world async throws in
            try await world.tokenserver.execute("UPDATE nodes SET downed = 1 WHERE id = 2")
            try await world.add(
                SandboxRecord.obsolete(1...3000, daysAgo: 20, node: 2) + SandboxRecord.obsolete(5001...5050)
            )
            let run = try await world.purge()
            #expect(run.code == 0)
            #expect(try await world.uids() == Array(1...3000))
            #expect(world.nodes[1].log.counters.requests == 0)
            #expect(try run.summary()["records_waiting"] as? Int == 3000)
            #expect(try await world.purge("--strict").code == 3)
            #expect(try await world.purge("--force").code == 0)
            #expect(try await world.uids() == [])
            #expect(world.nodes[1].log.counters.deletesConfirmed == 3000)
        }
    }

    @Test(
        "--override_node sends the deletes of downed nodes' records elsewhere, but only with --force",
        arguments: TestDatabase.Kind.allCases
    )
    func overrideNode(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            var downed = SandboxTokenserver.NodeRow(id: NodeID(2), url: "http://127.0.0.1:9")
            downed.downed = 1
            try await world.tokenserver.insert([downed])
            try await world.add(SandboxRecord.obsolete(1...5, node: 2))
            let idle = try await world.purge("--override_node", world.nodes[0].url)
            #expect(idle.code == 0)
            #expect(idle.error.contains("no effect without --force"))
            #expect(world.requests == 0)
            let run = try await world.purge("--force", "--override-node", world.nodes[0].url)
            #expect(run.code == 0)
            #expect(world.nodes[0].log.counters.deletesConfirmed == 5)
            #expect(try await world.uids() == [])
            let node = try #require(try await world.tokenserver.nodes().last)
            #expect(node.available == 105 && node.currentLoad == 95)
        }
    }

    @Test(
        "--request-timeout gives up on a node that never answers, and leaves its record as it was",
        arguments: TestDatabase.Kind.allCases
    )
    func requestTimeout(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1)])
            world.nodes[0].setFaults([Fault(.hang)])
            let before = try await world.tokenserver.records()
            let run = try await world.purge("--request-timeout", "1", "--max-attempts", "1")
            #expect(run.code == 3)
            #expect(try await world.tokenserver.records() == before)
            #expect(try run.summary()["records_skipped"] as? Int == 1)
        }
    }

    @Test(
        "without --oneshot it purges again after the interval, and a signal ends it with 0",
        arguments: TestDatabase.Kind.allCases
    )
    func service(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1)])
            let running = try Program.purge.start(
                ["--purge-interval", "0"],
                environment: world.environment
            )
            try await eventually("the first record is purged") { try await world.uids().isEmpty }
            try await world.add([.obsolete(2)])
            try await eventually("a later run purges the next one") { try await world.uids().isEmpty }
            running.send(SIGTERM)
            let run = await running.finished()
            #expect(run.code == 0)
        }
    }

    @Test(
        "logs are JSON lines with severity, message and time, or readable lines with --human_logs",
        arguments: TestDatabase.Kind.allCases
    )
    func logs(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3))
            let run = try await world.purge("-v", "-v")
            for line in try run.logLines() {
                #expect(line["severity"] is String && line["message"] is String)
                #expect((line["timestamp"] as? String)?.hasSuffix("Z") == true)
            }
            #expect(run.error.contains("\"uid\":1"))
            for arguments in [["--human_logs"], ["--human-logs"]] {
                let human = try await Program.purge.run(["--oneshot"] + arguments, environment: world.environment)
                #expect(human.error.contains("NOTICE") && !human.error.contains("\"severity\""))
            }
            let byEnvironment = try await Program.purge.run(
                ["--oneshot"],
                environment: world.environment.merging(["SYNC_HUMAN_LOGS": "true"]) { $1 }
            )
            #expect(!byEnvironment.error.contains("\"severity\""))
        }
    }

    @Test("two instances at once end with everything purged and no error", arguments: TestDatabase.Kind.allCases)
    func twoCopies(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(1), jitter: .milliseconds(3)))
            try await world.add(SandboxRecord.obsolete(1...1500))
            async let one = world.purge("--max-offset", "700")
            async let other = world.purge("--max-offset", "700")
            let codes = (try await one.code, try await other.code)
            #expect(codes == (0, 0))
            #expect(try await world.uids() == [])
            let node = try #require(try await world.tokenserver.nodes().first)
            #expect(node.available == 1000 && node.currentLoad == 0)
        }
    }
}
