import Foundation
import Sandbox
import TestDatabases
import Testing

/// On SQLite the database's clock is this machine's; only the nodes know better.
@Suite("With this machine's clock ahead")
struct ClockAheadTests {
    /// Nodes whose clocks are so far behind see us so far ahead.
    private static func with(_ offsets: [Duration], _ body: (TestWorld) async throws -> Void) async throws {
        try await TestWorld.with(
            keying: offsets.map { _ in .uid },
            configure: { configuration, index in configuration.clockOffset = offsets[index] },
            body
        )
    }

    @Test("by the nodes' word, records are judged by the nodes' time, from the first request on")
    func ahead() async throws {
        try await Self.with([.seconds(-40 * 86_400), .seconds(-40 * 86_400)]) { world async throws in
            // Of three that are old by our clock, one is by the nodes' too.
            try await world.add([
                .obsolete(1, daysAgo: 60), .obsolete(2, daysAgo: 38, node: 2), .obsolete(3, daysAgo: 10),
            ])
            let run = try await world.purge()
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [2, 3])
            #expect(world.confirmed == 1)
            #expect(run.error.contains("This machine's clock is ahead"), "\(run.error)")
        }
    }

    @Test("by the word of few nodes, it is those that are wrong")
    func oneWrongNode() async throws {
        try await Self.with([.zero, .seconds(-40 * 86_400), .seconds(-3)]) { world async throws in
            try await world.add([.obsolete(1), .obsolete(2, node: 3)])
            let run = try await world.purge()
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [])
            #expect(!run.error.contains("clock is ahead"))
        }
    }

    @Test("a little, or behind, nothing is said")
    func almostRight() async throws {
        for offset in [Duration.seconds(-200), .seconds(5000)] {
            try await Self.with([offset]) { world async throws in
                try await world.add([.obsolete(1)])
                let run = try await world.purge()
                #expect(run.code == 0, "\(run.error)")
                #expect(try await world.uids() == [])
                #expect(!run.error.contains("clock is ahead"))
            }
        }
    }
}
