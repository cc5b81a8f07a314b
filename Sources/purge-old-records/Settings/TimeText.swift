import Purging

/// Reads a span of time of the command line: seconds, or a whole number with a unit, such as `90`, `15m` or `30d`.
enum TimeText {
    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400]

    /// - Parameter range: in seconds.
    /// - Throws: for anything else, which is never repeated: it may be a secret whose option's value was forgotten.
    static func duration(
        _ option: String,
        _ text: String,
        in range: ClosedRange<Int64> = 1...RecordSettings.longestSeconds
    ) throws(UsageError) -> Duration {
        var (digits, size) = (text[...], Int64(1))
        if let unit = text.last.flatMap({ units[$0] }) { (digits, size) = (text.dropLast(), unit) }
        let isNumber = digits.trimmingPrefix("-").allSatisfy { $0.isASCII && $0.isNumber }
        guard isNumber, let count = Int64(digits) else {
            throw UsageError(
                problem: "the value of \(option) is no time",
                remedy: "give seconds, or a whole number with s, m, h, d or w, such as 90, 15m or 30d"
            )
        }
        let (seconds, isTooLong) = count.multipliedReportingOverflow(by: size)
        guard !isTooLong, range.contains(seconds) else {
            let lowest = range.lowerBound == .min ? "" : "from \(range.lowerBound) s on, and "
            throw UsageError(
                problem: "\(option) \(text) is out of range",
                remedy: "give a time \(lowest)up to \(range.upperBound) s"
            )
        }
        return .seconds(seconds)
    }
}
