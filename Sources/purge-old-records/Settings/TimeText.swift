import Purging

/// Reads a span of time of the command line, such as `5s` or `30d`. A wrong one is never repeated.
enum TimeText {
    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400]

    /// - Parameter takesSeconds: whether a whole number without a unit is one of seconds.
    /// - Throws: for anything else, and for less than a second or too long a time.
    static func duration(
        _ option: String,
        _ text: String,
        takesSeconds: Bool = false
    ) throws(UsageError) -> Duration {
        var (digits, size) = (text[...], takesSeconds ? 1 : nil)
        if let unit = text.last.flatMap({ units[$0] }) { (digits, size) = (text.dropLast(), unit) }
        let isNumber = !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isNumber }
        if isNumber, let size, let count = Int(digits), count > 0, count <= RecordSettings.longestSeconds / size {
            return .seconds(count * size)
        }
        let alternative = takesSeconds ? "a whole number of seconds, or one" : "a whole number"
        throw UsageError(
            problem: "the value of \(option) is no time",
            remedy: "give \(alternative) with s, m, h, d or w, such as \(takesSeconds ? "5s" : "30d")"
        )
    }
}
