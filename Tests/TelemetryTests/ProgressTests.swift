import Testing

@testable import Telemetry

struct ProgressTests {
    private let sink = CapturingSink(terminalWidth: 120)
    private let clock = ManualClock()

    private var drawn: [String] {
        sink.writes.map { String($0.trimmingPrefix("\r\u{1B}[2K")) }
    }

    @Test("The line shows what is done, the rate and the time left")
    func wholeLine() {
        let line = ProgressLine(output: .fixed(sink), clock: clock)
        line.update(done: 0, total: 67_890, held: 0, failed: 0)
        clock.advance(by: .seconds(10))
        line.update(done: 12_340, total: 67_890, held: 0, failed: 0)
        clock.advance(by: .seconds(10))
        line.update(done: 24_680, total: 67_890, held: 1_200, failed: 3)
        #expect(
            drawn == [
                "purged 0 of 67,890 · — left",
                "purged 12,340 of 67,890 · 1,234/s · 46 s left",
                "purged 24,680 of 67,890 · 1,200 held · 3 failed · 1,234/s · 32 s left",
            ]
        )
    }

    @Test("Without a total there is no time left to show")
    func unknownTotal() {
        let line = ProgressLine(output: .fixed(sink), verb: "checked", clock: clock)
        clock.advance(by: .seconds(2))
        line.update(done: 5, total: nil, held: 0, failed: 0)
        #expect(drawn == ["checked 5 · 2.5/s · — left"])
    }

    @Test("It is drawn at most eight times a second, however often it is updated")
    func throttled() {
        let line = ProgressLine(output: .fixed(sink), clock: clock)
        for count in 0..<1000 {
            line.update(done: count, total: 1000, held: 0, failed: 0)
            clock.advance(by: .milliseconds(1))
        }
        #expect(sink.writes.count == 8)
    }

    @Test("Finishing clears the line once, and what comes after it starts a rate of its own")
    func finishing() {
        let line = ProgressLine(output: .fixed(sink), clock: clock)
        clock.advance(by: .seconds(5))
        line.update(done: 100, total: nil, held: 0, failed: 0)
        line.finish()
        line.finish()
        line.update(done: 0, total: nil, held: 0, failed: 0)
        #expect(drawn == ["purged 100 · 20/s · — left", "", "purged 0 · — left"])
    }

    @Test("Nothing is written where there is no terminal")
    func noTerminal() {
        let file = CapturingSink()
        let line = ProgressLine(output: .fixed(file), clock: clock)
        line.update(done: 1, total: 2, held: 0, failed: 0)
        line.finish()
        #expect(file.writes.isEmpty)
    }

    @Test("All that is dealt with shortens the time left, also what was held or failed")
    func heldCountsAsDealtWith() {
        let line = ProgressLine(output: .fixed(sink), clock: clock)
        clock.advance(by: .seconds(10))
        line.update(done: 0, total: 200, held: 80, failed: 20)
        #expect(drawn == ["purged 0 of 200 · 80 held · 20 failed · 0/s · 10 s left"])
    }

    @Test("A steady pace is shown as it is from the start, and a change of pace arrives within seconds")
    func movingAverage() throws {
        var rate = ProgressRate(at: .zero)
        for tenth in 1...20 {
            rate.record(tenth * 10, at: .milliseconds(100 * tenth))
        }
        #expect(abs(try #require(rate.perSecond) - 100) < 0.001)
        rate.record(200, at: .seconds(12))
        #expect(abs(try #require(rate.perSecond) - 9.5) < 0.1)
        rate.record(200, at: .seconds(62))
        #expect(try #require(rate.perSecond) < 1)
    }

    @Test("A rate is unknown for the first second, and again when the count starts over")
    func unknownRate() {
        var rate = ProgressRate(at: .zero)
        rate.record(5, at: .milliseconds(900))
        #expect(rate.perSecond == nil)
        rate.record(5, at: .milliseconds(900))
        rate.record(10, at: .seconds(2))
        #expect(rate.perSecond != nil)
        rate.record(1, at: .seconds(3))
        #expect(rate.perSecond == nil)
    }

    @Test("Absurd numbers don't stop the program")
    func extremes() {
        let line = ProgressLine(output: .fixed(sink), clock: clock)
        clock.advance(by: .seconds(2))
        line.update(done: 1, total: Int.max, held: 0, failed: 0)
        clock.advance(by: .nanoseconds(200_000_000))
        line.update(done: 1 << 62, total: 5, held: 0, failed: 0)
        #expect(drawn.first == "purged 1 of 9,223,372,036,854,775,807 · 0.5/s · — left")
        #expect(drawn.count == 2)
    }
}
