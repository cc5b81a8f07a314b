import Purging
import TestSupport
import Testing

@Suite("The send budget")
struct SendBudgetTests {
    @Test("is exhausted after as many reservations as it has places, and not when one is given back")
    func places() {
        var budget = SendBudget(total: 2)
        budget.reserve()
        #expect(!budget.isExhausted)
        budget.reserve()
        #expect(budget.isExhausted)
        budget.giveBack()
        #expect(!budget.isExhausted)
    }

    @Test("without a limit is never exhausted")
    func noLimit() {
        var budget = SendBudget(total: nil)
        for _ in 0..<1000 {
            budget.reserve()
        }
        #expect(!budget.isExhausted)
    }
}

@Suite("The rate limiter")
struct RateLimiterTests {
    private let start = ContinuousClock.now

    @Test("spaces what is sent evenly")
    func spacing() {
        var limiter = RateLimiter(perSecond: 4)
        #expect(limiter.wait(at: start) == nil)
        limiter.spend(at: start)
        #expect(limiter.wait(at: start + .milliseconds(249)) == start + .milliseconds(250))
        #expect(limiter.wait(at: start + .milliseconds(250)) == nil)
    }

    @Test("saves up a tenth of a second at most, so that the rate holds over any stretch", arguments: Seeds.some(20))
    func rateHolds(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = Double(random.integer(1...200))
        var limiter = RateLimiter(perSecond: rate)
        var sent: [Duration] = []
        var now = Duration.zero
        for _ in 0..<2000 {
            now += .milliseconds(random.chance(1, in: 50) ? 3000 : random.integer(0...9))
            while limiter.wait(at: start + now) == nil {
                limiter.spend(at: start + now)
                sent.append(now)
            }
        }
        for (index, first) in sent.enumerated() {
            let inOneSecond = sent[index...].prefix { $0 < first + .seconds(1) }.count
            #expect(Double(inOneSecond) <= rate * 1.1 + 1.01)
        }
    }

    @Test("without a limit never waits")
    func noLimit() {
        var limiter = RateLimiter(perSecond: nil)
        limiter.spend(at: start)
        #expect(limiter.wait(at: start) == nil)
    }
}

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
