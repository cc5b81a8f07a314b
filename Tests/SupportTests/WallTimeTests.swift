import Support
import Testing

struct WallTimeTests {
    @Test(
        "A time is written in UTC, with microseconds for machines and seconds for people",
        arguments: [
            (Duration.zero, "1970-01-01T00:00:00.000000Z", "1970-01-01 00:00:00Z"),
            (.seconds(951_782_400), "2000-02-29T00:00:00.000000Z", "2000-02-29 00:00:00Z"),
            (.nanoseconds(1_767_323_045_678_901_999), "2026-01-02T03:04:05.678901Z", "2026-01-02 03:04:05Z"),
            (.milliseconds(4_102_444_799_007), "2099-12-31T23:59:59.007000Z", "2099-12-31 23:59:59Z"),
        ]
    )
    func isWrittenInUTC(time: Duration, rfc3339: String, readable: String) {
        #expect(WallTime(sinceEpoch: time).rfc3339 == rfc3339)
        #expect(WallTime(sinceEpoch: time).readable == readable)
    }

    @Test("Before the epoch the fraction still counts upwards")
    func beforeTheEpoch() {
        #expect(WallTime(sinceEpoch: .milliseconds(-250)).rfc3339 == "1969-12-31T23:59:59.750000Z")
        #expect(WallTime(sinceEpoch: .seconds(-1)).rfc3339 == "1969-12-31T23:59:59.000000Z")
    }

    @Test("The system's clock is past the day this was written and does not run backwards by much")
    func systemClock() {
        let first = WallTime.now()
        #expect(first.sinceEpoch > .seconds(1_600_000_000))
        #expect(WallTime.now().sinceEpoch - first.sinceEpoch > .seconds(-5))
    }
}
