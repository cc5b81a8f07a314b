import DatabaseServers
import Foundation
import Sandbox
import TestDatabases
import Testing

@Suite("Overlapping instances")
struct OverlapTests {
    /// A world whose node takes its time, with one instance at work in it.
    private static func busy(
        _ kind: TestDatabase.Kind,
        _ arguments: [String] = ["--oneshot"],
        _ body: (TestWorld, Program.Running) async throws -> Void
    ) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...300))
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(300)))
            let first = try Program.purge.start(
                arguments + ["--concurrency", "2"],
                environment: world.environment
            )
            try await eventually("the first instance purges") { world.requests > 2 }
            try await body(world, first)
        }
    }

    @Test(
        "a one-shot run beside another ends with 1, names it, and sends nothing",
        arguments: TestDatabase.Kind.allCases
    )
    func oneshot(_ kind: TestDatabase.Kind) async throws {
        try await Self.busy(kind) { world, first in
            let before = world.requests
            let second = try await Program.purge.run(
                ["--oneshot", "--concurrency", "100"],
                environment: world.environment
            )
            #expect(second.code == 1)
            #expect(second.error.contains("another instance purges this backlog"), "\(second.error)")
            // Whom to look for, in the database's own terms.
            let word = [.sqlite: "process \(first.pid) on", .postgres: "pid "][kind] ?? "connection "
            #expect(second.error.contains("(\(word)"), "\(second.error)")
            #expect(second.error.contains("--allow-overlap"))
            #expect(world.requests - before < 20)
            let third = try await world.purge("--allow-overlap", "--max-records", "3")
            #expect(third.code == 0, "\(third.error)")
            #expect(try await Program.purge.run(["--oneshot", "--dryrun"], environment: world.environment).code == 0)
            // Who goes through other uids, or another shard, doesn't overlap.
            #expect(try await world.purge("--range_start", "1000000").code == 0)
            first.send(SIGKILL)
            _ = await first.finished()
            // The lock ends with whoever had it.
            world.nodes[0].faults = FaultPlan([])
            try await eventually("the lock is free") { try await world.purge("--concurrency", "32").code == 0 }
            #expect(try await world.uids() == [])
        }
    }

    @Test("a service waits for the other instance, and says so once", arguments: [TestDatabase.Kind.mariadb, .sqlite])
    func service(_ kind: TestDatabase.Kind) async throws {
        try await Self.busy(kind) { world, first in
            let second = try Program.purge.start([], environment: world.environment)
            try await eventually("it waits") { second.errorSoFar.contains("Waiting, because another instance") }
            first.send(SIGKILL)
            _ = await first.finished()
            world.nodes[0].faults = FaultPlan([])
            try await eventually("it purges") { try await world.uids() == [] }
            second.send(SIGTERM)
            let end = await second.finished()
            #expect(end.code == 0)
            #expect(end.error.components(separatedBy: "Waiting, because").count == 2, "\(end.error)")
            #expect(end.error.contains("The other instance has ended"))
        }
    }

    @Test("a service that waits ends when it is told to")
    func stop() async throws {
        try await Self.busy(.mariadb) { world, first in
            let second = try Program.purge.start([], environment: world.environment)
            try await eventually("it waits") { second.errorSoFar.contains("Waiting, because another instance") }
            second.send(SIGTERM)
            #expect(await second.finished().code == 0)
            first.send(SIGTERM)
            #expect(await first.finished().code == 0)
        }
    }
}
