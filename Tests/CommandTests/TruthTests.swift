import Foundation
import Purging
import Sandbox
import SyncTokens
import TestDatabases
import Testing
import TokenserverStore

/// What the program does when things go wrong, and what it says about it.
@Suite("Safety and truth")
struct TruthTests {
    @Test(
        "a wrong secret ends with 1 and changes nothing, whatever stands in front of the backlog",
        arguments: TestDatabase.Kind.allCases
    )
    func wrongSecret(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            var malformed = SandboxRecord.obsolete(1, daysAgo: 30)
            malformed.clientState = "not hex"
            try await world.add(
                [malformed] + SandboxRecord.obsolete(2...30, daysAgo: 25, node: 9) + SandboxRecord.obsolete(50...90)
            )
            let before = (try await world.tokenserver.records(), try await world.tokenserver.nodes())
            let run = try await Program.purge.run(
                ["--oneshot"],
                environment: world.environment.merging(["SYNC_MASTER_SECRET": "wrong"]) { $1 }
            )
            #expect(run.code == 1)
            #expect(run.error.contains("no storage node accepted the master secret"))
            #expect(try await world.tokenserver.records() == before.0)
            #expect(try await world.tokenserver.nodes() == before.1)
            #expect(world.confirmed == 0)
        }
    }

    @Test(
        "killed at a random moment, the next run finishes, and no record went without its node's word (law 8)",
        arguments: TestDatabase.Kind.allCases
    )
    func killed(_ kind: TestDatabase.Kind) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        try await TestWorld.with(kind, keying: [.uid, .uid]) { world async throws in
            for node in world.nodes {
                node.faults = FaultPlan([], latency: Latency(.milliseconds(2), jitter: .milliseconds(4)))
            }
            let records = (Int64(1)...1200).map { SandboxRecord.obsolete($0, node: 1 + $0 % 2) }
            try await world.add(records)
            for _ in 0..<3 {
                let running = try Program.purge.start(["--oneshot"], environment: world.environment)
                let goal = world.confirmed + Int.random(in: 1...250, using: &random)
                try await eventually("\(goal) deletions") { world.confirmed >= goal || !running.isRunning }
                running.send(SIGKILL)
                _ = await running.finished()
                try await expectWitnessed(world, records, seed)
            }
            let last = try await world.purge()
            #expect(last.code == 0, "seed \(seed): \(last.error)")
            #expect(try await world.uids() == [], "seed \(seed)")
            try await expectWitnessed(world, records, seed)
            let nodes = try await world.tokenserver.nodes()
            #expect(nodes.allSatisfy { $0.available == 700 && $0.currentLoad == 0 }, "seed \(seed): \(nodes)")
        }
    }

    private func expectWitnessed(_ world: TestWorld, _ records: [SandboxRecord], _ seed: UInt64) async throws {
        let left = Set(try await world.uids())
        let witnessed = Set(world.nodes.flatMap(\.log.entries).filter(\.confirmed).compactMap(\.uid))
        let unwitnessed = records.map(\.uid).filter { !left.contains($0) && !witnessed.contains($0) }
        #expect(unwitnessed.isEmpty, "seed \(seed): gone without confirmation: \(unwitnessed)")
    }

    @Test(
        "SIGTERM lets requests in flight end, settles what was confirmed, and exits with 0",
        arguments: TestDatabase.Kind.allCases
    )
    func terminated(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(300)))
            try await world.add(SandboxRecord.obsolete(1...500))
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            try await eventually("requests are in flight") { world.nodes[0].log.counters.inFlight > 0 }
            running.send(SIGTERM)
            let run = await running.finished()
            #expect(run.code == 0)
            #expect(try run.summary()["stop_reason"] as? String == "stop_requested")
            #expect(world.confirmed > 0)
            #expect(try await world.uids().count == 500 - world.confirmed)
            #expect(try run.summary()["records_deleted"] as? Int == world.confirmed)
        }
    }

    @Test("a second signal ends it at once, and the next run finishes", arguments: TestDatabase.Kind.allCases)
    func secondSignal(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            world.nodes[0].setFaults([Fault(.hang)])
            try await world.add(SandboxRecord.obsolete(1...5))
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            try await eventually("requests are in flight") { world.nodes[0].log.counters.inFlight > 0 }
            running.send(SIGINT)
            try await eventually("the first signal is taken") { running.errorSoFar.contains("Stopping") }
            running.send(SIGTERM)
            #expect(await running.finished().code == 128 + SIGTERM)
            world.nodes[0].setFaults([])
            #expect(try await world.purge().code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "the secret never reaches logs, and the process list only as an argument (law 11)",
        arguments: TestDatabase.Kind.allCases
    )
    func secrecy(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...20, daysAgo: 9) + [.obsolete(21, user: "someone.private")])
            world.nodes[0].faults = FaultPlan([Fault(.status(400))], latency: Latency(.milliseconds(100)))
            let file = world.folder.appending(path: "secret")
            try (TestWorld.secret + "\n").write(to: file, atomically: true, encoding: .utf8)
            let running = try Program.purge.start(
                ["--oneshot", "-v", "-v", "--secret-file", file.path, "--database-url", world.databaseURL]
            )
            try await eventually("requests are in flight") { world.nodes[0].log.counters.inFlight > 0 }
            let arguments = try String(contentsOfFile: "/proc/\(running.pid)/cmdline", encoding: .utf8)
            #expect(arguments.contains("--secret-file") && !arguments.contains(TestWorld.secret))
            let run = await running.finished()
            #expect(run.code == 1)
            for word in [TestWorld.secret, "ünusual", "someone.private", "@example.com", "Hawk", "eyJ"] {
                #expect(!run.error.contains(word) && !run.output.contains(word), "found \(word)")
            }
            #expect(!run.error.contains("process list"))
        }
    }

    @Test("the secret can come from standard input", arguments: TestDatabase.Kind.allCases)
    func secretFromInput(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1)])
            let run = try await Program.purge.run(
                ["--oneshot", "--secret-file", "-", "--database-url", world.databaseURL],
                input: TestWorld.secret + "\n"
            )
            #expect(run.code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "a redirect, a page without X-Weave-Timestamp and a 404 never count as deleted",
        arguments: TestDatabase.Kind.allCases
    )
    func impostors(_ kind: TestDatabase.Kind) async throws {
        for fault in ["status=302,location=http://127.0.0.1:9/", "garbage=html", "status=404"] {
            try await TestWorld.with(kind) { world async throws in
                try await world.add([.obsolete(1)])
                world.nodes[0].setFaults([try Fault(parsing: fault)])
                let before = try await world.tokenserver.records()
                let run = try await world.purge()
                #expect(run.code == (fault == "status=404" ? 0 : 3), "\(fault): \(run.error)")
                #expect(try await world.tokenserver.records() == before, "\(fault)")
                #expect(world.nodes[0].data.has(.uid(1)))
            }
        }
    }

    @Test(
        "data written after the record was replaced is held by the write check; --no-write-check is the remedy",
        arguments: TestDatabase.Kind.allCases
    )
    func writeCheck(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1)])
            world.nodes[0].data.put(.uid(1), lastModified: StorageTime(seconds: Date().timeIntervalSince1970), bytes: 9)
            let before = try await world.tokenserver.records()
            let run = try await world.purge()
            #expect(run.code == 0)
            #expect((try run.summary()["held_by_reason"] as? [String: Int]) == ["written_since": 1])
            #expect(run.error.contains("--no-write-check"))
            #expect(try await world.tokenserver.records() == before)
            #expect(world.nodes[0].data.has(.uid(1)))
            #expect(try await world.purge("--strict").code == 3)
            #expect(try await world.purge("--no-write-check").code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "a failed record is moved behind the others, or left as it is, as --on-failure says",
        arguments: TestDatabase.Kind.allCases
    )
    func onFailure(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...10))
            world.nodes[0].setFaults([try Fault(parsing: "status=400,uids=3")])
            let before = try await world.tokenserver.records()
            #expect(try await world.purge("--on-failure", "leave").code == 3)
            #expect(try await world.tokenserver.records() == before.filter { $0.uid == 3 })
            // A node that refuses the only record that there is may refuse the secret: nothing is changed.
            #expect(try await world.purge().code == 1)
            #expect(try await world.tokenserver.records() == before.filter { $0.uid == 3 })
            try await world.add([.obsolete(11)])
            let run = try await world.purge()
            #expect(run.code == 3)
            #expect(try run.summary()["records_deferred"] as? Int == 1)
            let replacedAt = try #require(try await world.tokenserver.records().first?.replacedAt)
            #expect(replacedAt >= SandboxRecord.now)
            #expect(try await world.purge().code == 0)
        }
    }

    @Test(
        "an active record's data on account-keyed storage stays, and the record that shares it goes",
        arguments: TestDatabase.Kind.allCases
    )
    func sharedData(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.account]) { world async throws in
            var twin = SandboxRecord.obsolete(1, user: "a")
            var active = SandboxRecord.active(2, user: "a")
            (twin.clientState, twin.keysChangedAt) = ("aabb", 77)
            (active.clientState, active.keysChangedAt) = ("aabb", 77)
            try await world.tokenserver.insert([twin, active])
            let owner = try #require(active.owners(.account).first)
            world.nodes[0].data.put(owner, lastModified: StorageTime(seconds: 5), bytes: 9)
            let unsure = try await Program.purge.run(
                ["--oneshot"],
                environment: world.environment,
                namesStorage: false
            )
            #expect((try unsure.summary()["held_by_reason"] as? [String: Int]) == ["shared_data": 1])
            #expect(try await world.purge("--node-type", "spanner").code == 0)
            #expect(try await world.uids() == [2])
            #expect(world.nodes[0].data.has(owner))
            #expect(world.requests == 0)
        }
    }

    @Test(
        "more than 1,000 records of a missing node are held until it is confirmed that the node is gone",
        arguments: TestDatabase.Kind.allCases
    )
    func crowdedGoneNode(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(
                SandboxRecord.obsolete(1...1001, node: 7) + SandboxRecord.obsolete(2001...3000, node: 8)
            )
            let run = try await world.purge()
            #expect((try run.summary()["held_by_reason"] as? [String: Int]) == ["gone_node": 1001])
            #expect(try await world.uids() == Array(1...1001))
            #expect(try await world.purge("--gone-node", "7").code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "a node that fails for a while is retried, and everything is purged in the same run",
        arguments: TestDatabase.Kind.allCases
    )
    func flakyNode(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.uid, .uid]) { world async throws in
            world.nodes[0].setFaults([
                try Fault(parsing: "status=503,retry-after=0,probability=0.2"),
                try Fault(parsing: "close,when=after,probability=0.1"),
            ])
            try await world.add((Int64(1)...300).map { .obsolete($0, node: 1 + $0 % 2) })
            let run = try await world.purge("--max-attempts", "20")
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [])
        }
    }
}
