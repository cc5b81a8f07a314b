import Purging
import TestSupport
import Testing

@Suite("The retry policy")
struct RetryPolicyTests {
    @Test("waits a random time up to twice as long after each attempt, within the cap", arguments: Seeds.some(20))
    func fullJitter(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let policy = RetryPolicy()
        for (attempts, cap) in [(1, 0.5), (2, 1), (3, 2), (4, 4), (7, 30), (50, 30), (.max, 30)] {
            let delays = (0..<200).map { _ in policy.delay(afterAttempts: attempts, using: &random).inSeconds }
            #expect(delays.allSatisfy { (0...cap).contains($0) })
            // Full jitter: all of the range is used.
            #expect((delays.min() ?? 1) < cap * 0.15)
            #expect((delays.max() ?? 0) > cap * 0.85)
        }
    }
}
