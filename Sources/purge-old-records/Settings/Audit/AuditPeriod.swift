import Foundation

/// The period whose figures are asked for.
struct AuditPeriod {
    /// RFC 3339 in UTC without its Z; nil for no bound.
    let since: String?
    let until: String?
    let isByNode: Bool
    let objective: Duration?

    init(_ options: PeriodOptions) throws(UsageError) {
        since = try options.since.map { text throws(UsageError) in try Self.moment("--since", text) }
        until = try options.until.map { text throws(UsageError) in try Self.moment("--until", text) }
        if let since, let until, since >= until {
            throw UsageError(problem: "--since isn't before --until", remedy: "give a beginning before the end")
        }
        isByNode = options.byNode
        objective = try options.ageSLO.map { text throws(UsageError) in try TimeText.duration("--age-slo", text) }
    }

    /// As the log spells it, in UTC, without its Z: so it can be compared as text.
    private static func moment(_ option: String, _ text: String) throws(UsageError) -> String {
        let day = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
        let isDay = text.utf8.count == 10
        let date = isDay ? try? Date(text, strategy: day) : try? Date(text, strategy: .iso8601)
        // 30 February is no day in March.
        let isReal = date.map { !(isDay || text.hasSuffix("Z")) || $0.formatted(day) == text.prefix(10) } ?? false
        guard let date, isReal else {
            throw UsageError(
                problem: "the value of \(option) is no date",
                remedy: "give a day such as 2026-11-01, or a time such as 2026-11-01T06:00:00Z"
            )
        }
        return String(date.formatted(.iso8601).dropLast())
    }
}
