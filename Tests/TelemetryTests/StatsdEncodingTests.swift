import Testing

@testable import Telemetry

struct StatsdEncodingTests {
    /// Outside of the expectation macro, which cannot change what it looks at.
    private func add(
        _ value: StatsdNumber,
        _ kind: StatsdKind,
        _ series: StatsdSeries,
        to buffer: inout StatsdBuffer
    ) -> Bool {
        buffer.add(value, kind: kind, series: series)
    }

    private func lines(_ buffer: inout StatsdBuffer) -> [String] {
        buffer.take().flatMap(\.lines)
    }

    private func series(_ name: String, _ tags: [(String, String)] = []) -> StatsdSeries {
        StatsdSeries(prefix: "p", name: name, tags: tags)
    }

    @Test("Characters that the protocol uses become underscores in names, tag keys and tag values")
    func sanitised() {
        let series = StatsdSeries(
            prefix: "p",
            name: "a|b,c#d:e@f g\nh.i_j-k",
            tags: [("k:e|y", "https://a,b#c|d\n\te @"), ("", "x"), ("bare", ""), ("A", "1")]
        )
        #expect(series.name == "p.a_b_c_d_e_f_g_h.i_j-k")
        #expect(series.suffix == "|#A:1,bare,k_e_y:https_//a_b_c_d__e @")
    }

    @Test("The prefix stands before the name with one dot, or not at all when empty", arguments: ["tok.", "tok"])
    func prefix(prefix: String) {
        #expect(StatsdSeries(prefix: prefix, name: "n", tags: []).name == "tok.n")
        #expect(StatsdSeries(prefix: "", name: "n", tags: []).name == "n")
    }

    @Test("Counters of the same name and tags add up, in whatever order the tags come")
    func countersAddUp() {
        var buffer = StatsdBuffer()
        let kept = [
            add(.integer(1), .counter, series("n", [("a", "1"), ("b", "2")]), to: &buffer),
            add(.integer(5), .counter, series("n", [("a", "1")]), to: &buffer),
            add(.integer(2), .counter, series("n", [("b", "2"), ("a", "1")]), to: &buffer),
            add(.integer(9), .gauge, series("n", [("a", "1")]), to: &buffer),
        ]
        #expect(kept == [true, true, true, true])
        #expect(lines(&buffer) == ["p.n:3|c|#a:1,b:2", "p.n:5|c|#a:1", "p.n:9|g|#a:1"])
        #expect(lines(&buffer).isEmpty)
    }

    @Test("A counter that would overflow stays at its end")
    func saturates() {
        var buffer = StatsdBuffer()
        for amount in [Int64.max, 1] {
            #expect(add(.integer(amount), .counter, series("up"), to: &buffer))
            #expect(add(.integer(-amount - 1), .counter, series("down"), to: &buffer))
        }
        #expect(lines(&buffer) == ["p.up:9223372036854775807|c", "p.down:-9223372036854775808|c"])
    }

    @Test("A gauge keeps its last value")
    func gaugeKeepsLast() {
        var buffer = StatsdBuffer()
        for value in [1, 7, 4] {
            #expect(add(.integer(Int64(value)), .gauge, series("g"), to: &buffer))
        }
        #expect(lines(&buffer) == ["p.g:4|g"])
    }

    @Test("A thousand timings are all sent; beyond that an even selection with its share")
    func sampling() {
        var buffer = StatsdBuffer()
        for value in 0..<1000 {
            #expect(add(.integer(Int64(value)), .timing, series("t"), to: &buffer))
        }
        #expect(lines(&buffer) == (0..<1000).map { "p.t:\($0)|ms" })
        for value in 0..<4000 {
            #expect(add(.integer(Int64(value)), .timing, series("t", [("k", "v")]), to: &buffer))
        }
        #expect(lines(&buffer) == (0..<1000).map { "p.t:\($0 * 4)|ms|@0.25|#k:v" })
    }

    @Test("However many timings come, those kept times their share's inverse are those that came")
    func shareIsRight() {
        var samples = StatsdSamples()
        for count in 1...50_000 {
            samples.add(.integer(0), limit: 1000)
            #expect(samples.values.count <= 1000)
            #expect(abs(Double(samples.values.count) / samples.rate - Double(count)) < 0.001)
        }
    }

    @Test("A full buffer refuses new series and samples, and still adds up what it has")
    func fullBuffer() {
        var buffer = StatsdBuffer(capacity: 3, samplesPerSeries: 1000)
        #expect(add(.integer(1), .counter, series("a"), to: &buffer))
        #expect(add(.integer(1), .timing, series("t"), to: &buffer))
        #expect(!add(.integer(1), .timing, series("t"), to: &buffer))
        #expect(!add(.integer(1), .counter, series("b"), to: &buffer))
        #expect(add(.integer(1), .counter, series("a"), to: &buffer))
        #expect(lines(&buffer) == ["p.a:2|c", "p.t:1|ms"])
        #expect(add(.integer(1), .counter, series("b"), to: &buffer))
    }

    @Test("What is no number is dropped and counted, and so is everything after closing")
    func droppedValues() {
        var buffer = StatsdBuffer()
        #expect(add(.real(.nan), .gauge, series("g"), to: &buffer))
        #expect(add(.real(.infinity), .histogram, series("h"), to: &buffer))
        buffer.close()
        #expect(add(.integer(1), .counter, series("c"), to: &buffer))
        #expect(buffer.dropped == 3)
        #expect(lines(&buffer).isEmpty)
    }

    @Test(
        "Nanoseconds become milliseconds with up to three decimals",
        arguments: [
            (Int64(0), "0"), (1_000_000, "1"), (1_500_000, "1.5"), (1_234_567, "1.235"), (1_234_499, "1.234"),
            (499, "0"), (500, "0.001"), (10_000, "0.01"), (-1_500_000, "-1.5"), (60_000_000_000, "60000"),
            (.max, "9223372036854.776"), (.min, "-9223372036854.776"),
        ]
    )
    func milliseconds(nanoseconds: Int64, text: String) {
        #expect(StatsdNumber(millisecondsFromNanoseconds: nanoseconds).text == text)
    }

    @Test("Real numbers are written as short as possible", arguments: [(3.0, "3"), (0.25, "0.25"), (-1.5, "-1.5")])
    func realNumbers(number: Double, text: String) {
        #expect(StatsdNumber.real(number).text == text)
    }

    @Test("Datagrams are filled up to the limit, keep the order and lose no line")
    func packing() {
        let (packed, tooLong) = StatsdDatagram.pack(["aaaa", "bbbb", "cc", "ddddddddd", "e"], limit: 9)
        #expect(packed.map { String(decoding: $0.bytes, as: UTF8.self) } == ["aaaa\nbbbb", "cc", "ddddddddd", "e"])
        #expect(packed.map(\.lineCount) == [2, 1, 1, 1])
        #expect(tooLong == 0)
    }

    @Test("A line too long for a datagram is left out and counted")
    func tooLong() {
        let (packed, tooLong) = StatsdDatagram.pack(["a", "0123456789", "ü"], limit: 9)
        #expect(packed.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a\nü"])
        #expect(tooLong == 1)
    }
}
