@testable import Purging
import TestSupport
import Testing

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
