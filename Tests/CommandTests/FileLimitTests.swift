import Foundation
import Sandbox
import TestDatabases
import TestSupport
import Testing

@Suite("With few open files allowed")
struct FileLimitTests {
    private static func run(_ limit: Int, _ world: TestWorld, _ arguments: [String]) throws -> Tool.Output {
        // The hard limit too, which the program can't raise.
        try Tool.run(
            URL(filePath: "/usr/bin/env"),
            world.environment.map { "\($0)=\($1)" }
                + ["sh", "-c", "ulimit -n \(limit); exec \"$0\" \"$@\"", Program.purge.url.path] + arguments
        )
    }

    @Test("too few to begin with are one line and exit code 1", arguments: [20, 40, 64])
    func tooFew(_ limit: Int) async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3))
            for arguments in [["--oneshot", "--concurrency", "128", "--node-type", "mysql"], ["backlog"]] {
                let run = try Self.run(limit, world, arguments)
                #expect(run.code == 1)
                #expect(run.text.contains("the limit of open files is \(limit)"), "\(run.text)")
                #expect(run.text.split(separator: "\n").count == 1, "\(run.text)")
            }
            #expect(world.requests == 0)
        }
    }

    @Test(
        "requests are limited, all nodes get on, and none is taken for unreachable",
        arguments: TestDatabase.Kind.allCases
    )
    func limited(_ kind: TestDatabase.Kind) async throws {
        let keying = [DataKeying](repeating: .uid, count: 30)
        try await TestWorld.with(kind, keying: keying) { world async throws in
            for node in world.nodes[1...] { node.faults = FaultPlan([], latency: Latency(.milliseconds(100))) }
            let records = (Int64(1)...1800).map { SandboxRecord.obsolete($0, node: 1 + $0 % 30) }
            try await world.add(records)
            let arguments = ["--oneshot", "--concurrency", "128", "--node-type", "mysql"]
            let run = try Self.run(140, world, arguments)
            #expect(run.code == 0, "\(run.text)")
            #expect(try await world.uids() == [])
            #expect(run.text.contains("limit of open files"))
            #expect(!run.text.contains("unreachable") && !run.text.contains("cut off"), "\(run.text)")
            #expect(world.requests == records.count)
        }
    }
}
