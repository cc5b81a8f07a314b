import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("Laws 1, 2, 3, 5 and 10: a run in a random world")
struct RandomWorldTests {
    @Test("keeps the laws, whatever the nodes do", arguments: Seeds.some(150))
    func anything(_ seed: UInt64) throws {
        let world = RandomWorld(seed: seed)
        world.check(try world.fixture.run())
    }

    @Test("purges all that can be purged where the nodes are well", arguments: Seeds.some(60))
    func reliableNodes(_ seed: UInt64) throws {
        let world = RandomWorld(seed: seed, allowed: [.good, .slow])
        let summary = try world.fixture.run()
        world.check(summary)
        #expect(summary.stopReason == .complete)
        #expect(summary.skipped == 0)
        #expect(summary.troubledNodes.isEmpty)
    }
}
