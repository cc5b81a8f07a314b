import Foundation
import Sandbox
import TestDatabases
import Testing

@Suite("Stopping on request")
struct StoppingTests {
    /// What service managers are told to allow between SIGTERM and SIGKILL.
    private static let gracePeriod = Duration.seconds(45)

    @Test(
        "under full load, beside a node that never answers, ends within the grace period with all that was confirmed settled",
        arguments: TestDatabase.Kind.allCases
    )
    func underLoad(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.uid, .uid, .uid, .uid]) { world in
            for node in world.nodes { node.faults = FaultPlan([], latency: Latency(.milliseconds(20))) }
            world.nodes[3].faults = FaultPlan([try Fault(parsing: "hang")])
            var records: [SandboxRecord] = []
            for node in Int64(1)...4 {
                records += SandboxRecord.obsolete((node * 10_000)...(node * 10_000 + 4999), node: node)
            }
            try await world.add(records)
            let program = try Program.purge.start(
                ["--concurrency", "64", "--max-per-loop", "1000"],
                environment: world.environment
            )
            try await eventually("it is at full speed") { world.confirmed > 1500 || !program.isRunning }
            program.send(SIGTERM)
            let begin = ContinuousClock.now
            let end = await program.finished()
            #expect(ContinuousClock.now - begin < Self.gracePeriod)
            #expect(end.code == 0, "\(end.error)")
            let summary = try end.summary()
            #expect(summary["stop_reason"] as? String == "stop_requested")
            // By the nodes' own count, not by what the program says.
            #expect(try await world.uids().count == records.count - world.confirmed)
            #expect(summary["records_deleted"] as? Int == world.confirmed)
            #expect(world.confirmed < records.count)
        }
    }
}
