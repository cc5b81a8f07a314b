import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// Backlogs of less than a page, and what else is easily lost at the edges of a run.
@Suite("At the edges of a run")
struct EdgeTests {
    @Test("without /proc, in which Swift finds a program's arguments, nothing is done: a --dryrun would be lost")
    func noProc() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...3))
            // All that a real run needs is in the environment.
            let run = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                world.environment.map { "\($0)=\($1)" } + [
                    "unshare", "--map-root-user", "--mount", "timeout", "20", "sh", "-c",
                    "mount -t tmpfs none /proc && exec \(Program.purge.url.path) --oneshot --dryrun",
                ]
            )
            #expect(run.code == 1 && run.text.contains("/proc is not mounted"), "\(run.code) \(run.text)")
            #expect(world.requests == 0)
            #expect(try await world.uids() == [1, 2, 3])
        }
    }

    @Test("a single record without a node is purged in one run", arguments: TestDatabase.Kind.allCases)
    func singleNodeless(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1, node: 9)])
            let run = try await world.purge()
            #expect(run.code == 0)
            #expect(try await world.uids() == [])
            #expect(try run.summary()["records_read"] as? Int == 1)
        }
    }

    @Test(
        "records that need no request don't keep back those that do, whichever come first",
        arguments: TestDatabase.Kind.allCases,
        [1, 10, 1000]
    )
    func mixedPage(_ kind: TestDatabase.Kind, _ pageSize: Int) async throws {
        try await TestWorld.with(kind, keying: [.account]) { world async throws in
            var records: [SandboxRecord] = []
            for uid in Int64(1)...30 {
                var twin = SandboxRecord.obsolete(uid, user: "user\(uid)")
                var active = SandboxRecord.active(1000 + uid, user: "user\(uid)")
                if uid % 3 != 0 {
                    (twin.clientState, twin.keysChangedAt) = ("aabb", 77)
                    (active.clientState, active.keysChangedAt) = ("aabb", 77)
                }
                records += [twin, active]
            }
            try await world.tokenserver.insert(records)
            let wrong = try await Program.purge.run(
                ["--oneshot", "--node-type", "spanner", "--max-per-loop", "\(pageSize)"],
                environment: world.environment.merging(["SYNC_MASTER_SECRET": "wrong"]) { $1 }
            )
            #expect(wrong.code == 1)
            #expect(try await world.uids().count == 60)
            let run = try await world.purge("--node-type", "spanner", "--max-per-loop", "\(pageSize)")
            #expect(run.code == 0)
            #expect(try await world.uids() == Array(1001...1030))
            #expect(world.confirmed == 10)
        }
    }

    @Test(
        "a backlog is purged whole whatever the page's size and the nodes' shares",
        arguments: TestDatabase.Kind.allCases,
        [1, 7, 1000]
    )
    func unevenNodes(_ kind: TestDatabase.Kind, _ pageSize: Int) async throws {
        try await TestWorld.with(kind, keying: [.uid, .uid]) { world async throws in
            try await world.add((Int64(1)...103).map { .obsolete($0, node: $0 % 34 == 0 ? 2 : 1) })
            #expect(try await world.purge("--max-per-loop", "\(pageSize)").code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "a database that fails at the last batch is an error, also when a limit was reached before",
        arguments: TestDatabase.Kind.allCases
    )
    func failingSettlement(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...20))
            try await world.database.refuseDeletions("no deletions today")
            for limit in [["--max-records", "5"], []] {
                let run = try await Program.purge.run(["--oneshot"] + limit, environment: world.environment)
                #expect(run.code == 1)
                // PostgreSQL's driver keeps to itself what a trigger says, as that may repeat values.
                #expect(run.error.contains(kind == .postgres ? "trigger in the database failed" : "no deletions today"))
                #expect(try run.summary()["records_deleted"] as? Int == 0)
            }
            try await world.database.allowDeletions()
            #expect(try await world.purge().code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "a retry is not lost when --max-records and --max-rate hold everything else back",
        arguments: TestDatabase.Kind.allCases
    )
    func limitsAndRetries(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            world.nodes[0].setFaults([try Fault(parsing: "status=500,times=1")])
            try await world.add(SandboxRecord.obsolete(1...5))
            let run = try await world.purge("--max-records", "1", "--max-rate", "4")
            #expect(run.code == 0)
            #expect(world.confirmed == 1)
            #expect(try await world.uids().count == 4)
        }
    }

    @Test("forced records don't count as waiting for their node", arguments: TestDatabase.Kind.allCases)
    func forcedIsNotWaiting(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.tokenserver.execute("UPDATE nodes SET downed = 1")
            try await world.add(SandboxRecord.obsolete(1...3))
            let run = try await world.purge("--force", "--strict")
            #expect(run.code == 0)
            #expect(try run.summary()["records_waiting"] as? Int == 0)
        }
    }

    @Test("a --node-type that contradicts the Spanner node's id stops the run", arguments: TestDatabase.Kind.allCases)
    func contradictingTypes(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1)])
            let run = try await Program.purge.run(
                ["--oneshot", "--node-type", "\(world.nodes[0].url)/=mysql"],
                environment: world.environment.merging(["SYNC_TOKENSERVER__SPANNER_NODE_ID": "1"]) { $1 }
            )
            #expect(run.code == 1)
            #expect(run.error.contains("SPANNER_NODE_ID"))
            #expect(world.requests == 0)
        }
    }

    @Test(
        "a --node-type for a URL that no node has stops everything: the node that was meant would lose its protection",
        arguments: TestDatabase.Kind.allCases
    )
    func mistypedNode(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world in
            try await world.add([.obsolete(1)])
            for command in [["--oneshot"], ["--oneshot", "--dryrun"], ["backlog"]] {
                let run = try await Program.purge.run(
                    command + ["--node-type", "http://127.0.0.1:1=spanner"],
                    environment: world.environment
                )
                #expect(run.code == 1)
                #expect(run.error.contains("http://127.0.0.1:1"))
            }
            #expect(world.requests == 0)
        }
    }

    @Test(
        "slots are left alone where SYNC_TOKENSERVER__SPANNER_NODE_ID says that they are not tracked",
        arguments: TestDatabase.Kind.allCases
    )
    func untrackedSlots(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.account]) { world async throws in
            try await world.tokenserver.insert([.obsolete(1)])
            // A user with a newer, active record, so that the old one's data is nobody's.
            try await world.tokenserver.insert([.active(2, user: "user1")])
            let run = try await Program.purge.run(
                ["--oneshot"],
                environment: world.environment.merging(["SYNC_TOKENSERVER__SPANNER_NODE_ID": "1"]) { $1 }
            )
            #expect(run.code == 0)
            #expect(try await world.uids() == [2])
            #expect(try await world.tokenserver.nodes().first?.available == 100)
        }
    }
}
