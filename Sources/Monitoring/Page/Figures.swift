import Foundation
import Purging

/// Numbers, times and durations as people read them. Times are in UTC, and say so where they stand alone.
enum Figures {
    /// 1234567 as 1,234,567.
    static func grouped(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([Substring(digits)] + groups).joined(separator: ",")
    }

    /// Two parts at most, such as "3 d 4 h" or "250 ms".
    static func duration(_ duration: Duration) -> String {
        if duration < .zero { return "-" + self.duration(.zero - duration) }
        let milliseconds = duration.wholeMilliseconds
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        let seconds = Int(milliseconds / 1000)
        if seconds < 60 { return "\(seconds).\(milliseconds % 1000 / 100) s" }
        let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else { return "0 s" }
        let (size, name) = units[first]
        var text = "\(grouped(seconds / size)) \(name)"
        if first + 1 < units.count {
            let (smaller, smallerName) = units[first + 1]
            let rest = seconds % size / smaller
            if rest > 0 { text += " \(rest) \(smallerName)" }
        }
        return text
    }

    static func seconds(_ seconds: Double) -> String { duration(.seconds(min(max(seconds, -1e12), 1e12))) }

    /// Such as "14:05".
    static func time(_ moment: Milliseconds) -> String { format(moment, "HH:mm") }

    /// Such as "2026-01-31 14:05:09".
    static func dateAndTime(_ moment: Milliseconds) -> String { format(moment, "yyyy-MM-dd HH:mm:ss") }

    private static func format(_ moment: Milliseconds, _ pattern: String) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = pattern
        return formatter.string(from: Date(timeIntervalSince1970: Double(moment.rawValue) / 1000))
    }

    /// A rate, with one digit behind the point where it is small.
    static func rate(_ value: Double) -> String {
        value >= 10 || value == 0 ? grouped(Int(value.rounded())) : String((value * 10).rounded() / 10)
    }

    /// A number of an axis: 1,500,000 as 1.5 M.
    static func short(_ value: Double) -> String {
        for (size, name) in [(1e9, " G"), (1e6, " M"), (1e3, " k")] where value >= size {
            let tenths = (value / size * 10).rounded() / 10
            return (Int(exactly: tenths).map { String($0) } ?? String(tenths)) + name
        }
        let tenths = (value * 10).rounded() / 10
        return Int(exactly: tenths).map { String($0) } ?? String(tenths)
    }
}
