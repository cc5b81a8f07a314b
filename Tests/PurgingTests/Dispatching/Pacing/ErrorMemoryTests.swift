@testable import Purging
import Testing

@Suite("What is remembered of errors")
struct ErrorMemoryTests {
    private let start = ContinuousClock.now
    private var memory = ErrorMemory(ceiling: 32)

    private func at(_ seconds: Double) -> ErrorMemory.Instant { start + .seconds(seconds) }

    @Test("an error at a number that is not proven halves, and is remembered for half a minute")
    func first() {
        var memory = memory
        #expect(memory.failed(inFlight: 9, limit: 9, isNew: true, now: start) == .halve)
        #expect(memory.limit(at: at(29)) == 8)
        #expect(memory.limit(at: at(30)) == nil)
    }

    @Test("several errors at once set the limit below the least of their numbers, for ten minutes")
    func several() {
        var memory = memory
        for (count, inFlight) in [12, 11, 9, 10].enumerated() {
            #expect(memory.failed(inFlight: inFlight, limit: 12, isNew: count == 0, now: start) == .halve)
        }
        #expect(memory.limit(at: at(599)) == 8)
        #expect(memory.limit(at: at(600)) == nil)
    }

    @Test("a limit that proves right is remembered twice as long each time")
    func confirmed() {
        var memory = memory
        var now = 0.0
        for lifetime in [30.0, 600, 1200, 2400] {
            #expect(memory.failed(inFlight: 9, limit: 9, isNew: true, now: at(now)) == .halve)
            #expect(memory.limit(at: at(now + lifetime - 1)) == 8)
            #expect(memory.limit(at: at(now + lifetime)) == nil)
            now += lifetime
        }
    }

    @Test("a lone error at a proven number only eases the limit")
    func accident() {
        var memory = memory
        for _ in 0..<64 { memory.answeredWell(inFlight: 20) }
        #expect(memory.failed(inFlight: 20, limit: 20, isNew: true, now: start) == .ease)
        #expect(memory.limit(at: start) == nil)
        // The next one comes too soon for an accident.
        #expect(memory.failed(inFlight: 20, limit: 18, isNew: true, now: at(1)) == .halve)
    }

    @Test("errors that go on at half the number have nothing to do with it")
    func unrelated() {
        var memory = memory
        #expect(memory.failed(inFlight: 16, limit: 16, isNew: true, now: start) == .halve)
        #expect(memory.failed(inFlight: 8, limit: 8, isNew: true, now: at(1)) == .ease)
        #expect(memory.limit(at: at(1)) == nil)
        #expect(memory.failed(inFlight: 20, limit: 20, isNew: true, now: at(60)) == .ease)
        #expect(memory.failed(inFlight: 20, limit: 20, isNew: true, now: at(62)) == .halve)
    }
}
