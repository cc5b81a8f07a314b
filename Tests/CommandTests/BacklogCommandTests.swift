import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing

@Suite("The report on the backlog")
struct BacklogCommandTests {
    @Test(
        "shows purgeable, waiting and held records by node and by age, and changes nothing",
        arguments: TestDatabase.Kind.allCases
    )
    func report(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.account]) { world async throws in
            var downed = SandboxTokenserver.NodeRow(id: NodeID(2), url: "http://down.example")
            downed.downed = 1
            try await world.tokenserver.insert([downed])
            var retired = SandboxRecord.obsolete(90, daysAgo: 400)
            (retired.generation, retired.keysChangedAt) = (.max, nil)
            try await world.add(
                SandboxRecord.obsolete(1...12, daysAgo: 3) + SandboxRecord.obsolete(21...27, daysAgo: 50, node: 2)
                    + SandboxRecord.obsolete(31...33, daysAgo: 100, node: 9) + [retired, .active(95)]
                    // With another key: nobody said what the storage is.
                    + (1...12).map { .active(100 + $0, user: "user\($0)") }
            )
            let before = try await world.tokenserver.records()
            let run = try await Program.purge.run(
                ["backlog", "--database-url", world.databaseURL],
                namesStorage: false
            )
            #expect(run.code == 0)
            func numbers(_ title: String) -> [String] {
                run.output.split(separator: "\n").first { $0.hasPrefix(title) }
                    .map { $0.dropFirst(title.count).split(separator: " ").map(String.init) } ?? []
            }
            #expect(numbers(world.nodes[0].url).prefix(4) == ["12", "0", "1", "0"])
            #expect(numbers("http://down.example, down").prefix(4) == ["0", "7", "0", "0"])
            #expect(numbers("node 9, gone").prefix(4) == ["3", "0", "0", "0"])
            #expect(numbers("total").prefix(4) == ["15", "7", "1", "0"])
            #expect(numbers("1 to 7 days").first == "12")
            #expect(numbers("30 to 90 days").dropFirst().first == "7")
            #expect(numbers("unaddressable").first == "1")
            #expect(run.output.contains("--node-type"))
            #expect(try await world.tokenserver.records() == before)
            #expect(world.requests == 0)
        }
    }

    @Test("says that an empty backlog is empty", arguments: TestDatabase.Kind.allCases)
    func empty(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            let run = try await Program.purge.run(["backlog"], environment: world.environment)
            #expect(run.code == 0)
            #expect(run.output.hasPrefix("There is nothing to purge in "), "\(run.output)")
            #expect(run.output.split(separator: "\n").count == 1)
        }
    }
}
