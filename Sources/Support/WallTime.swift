#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A moment of the calendar, as log lines name it.
package struct WallTime: Sendable, Hashable {
    /// Time since 1970-01-01T00:00:00Z, leap seconds not counted.
    package let sinceEpoch: Duration

    package init(sinceEpoch: Duration) {
        self.sinceEpoch = sinceEpoch
    }

    /// What the system's clock says now.
    package static func now() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(sinceEpoch: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }

    /// RFC 3339 in UTC with microseconds: `2026-01-02T03:04:05.678901Z`.
    package var rfc3339: String {
        let (seconds, microseconds) = wholeAndFraction
        let calendar = Self.calendar(seconds)
        return "\(calendar.date)T\(calendar.time).\(Self.padded(microseconds, to: 6))Z"
    }

    /// RFC 3339 in UTC to the second, which every program reads: `2026-01-02T03:04:05Z`.
    package var rfc3339Seconds: String {
        let calendar = Self.calendar(wholeAndFraction.seconds)
        return "\(calendar.date)T\(calendar.time)Z"
    }

    /// For people, in UTC to the second: `2026-01-02 03:04:05Z`.
    package var readable: String {
        let calendar = Self.calendar(wholeAndFraction.seconds)
        return "\(calendar.date) \(calendar.time)Z"
    }

    /// The day alone, in UTC: `2026-01-02`.
    package var date: String { Self.calendar(wholeAndFraction.seconds).date }

    /// Rounded down, before the epoch too, so that the fraction is never negative.
    private var wholeAndFraction: (seconds: Int64, microseconds: Int64) {
        let (seconds, attoseconds) = sinceEpoch.components
        let attosecondsPerMicrosecond: Int64 = 1_000_000_000_000
        guard attoseconds < 0 else { return (seconds, attoseconds / attosecondsPerMicrosecond) }
        return (seconds - 1, (attoseconds + 1_000_000 * attosecondsPerMicrosecond) / attosecondsPerMicrosecond)
    }

    private static func calendar(_ seconds: Int64) -> (date: String, time: String) {
        var seconds = time_t(seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [padded(parts.tm_year + 1900, to: 4), padded(parts.tm_mon + 1, to: 2), padded(parts.tm_mday, to: 2)]
        let time = [padded(parts.tm_hour, to: 2), padded(parts.tm_min, to: 2), padded(parts.tm_sec, to: 2)]
        return (date.joined(separator: "-"), time.joined(separator: ":"))
    }

    private static func padded(_ number: some BinaryInteger, to digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
