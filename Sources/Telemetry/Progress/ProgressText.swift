/// The words of the progress line: `purged 12,345 of 67,890 · 3 held · 1,234/s · 45 s left`.
///
/// A pure value. Kept free of anything a terminal would show wider or narrower than one column per character.
struct ProgressText {
    static let unknown = "—"

    var verb: String
    var done: Int
    var total: Int?
    var held: Int
    var failed: Int
    /// Of what is done, per second.
    var rate: Double?
    var left: Duration?

    var line: String {
        var parts = ["\(verb) \(Self.grouped(done))"]
        if let total {
            parts[0] += " of \(Self.grouped(total))"
        }
        if held > 0 {
            parts.append("\(Self.grouped(held)) held")
        }
        if failed > 0 {
            parts.append("\(Self.grouped(failed)) failed")
        }
        if let rate {
            parts.append("\(Self.rate(rate))/s")
        }
        parts.append("\(left.map(Self.span) ?? Self.unknown) left")
        return parts.joined(separator: " · ")
    }

    /// Thousands apart by commas: `1,234,567`.
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) {
                text.append(",")
            }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }

    /// The two largest units that matter: `45 s`, `12 min`, `3 h 12 min`, `2 d 5 h`. Parts of a second count as one.
    static func span(_ duration: Duration) -> String {
        let (whole, fraction) = duration.components
        let seconds = max(0, fraction > 0 ? whole + 1 : whole)
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        return switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3600: "\(minutes) min"
        case ..<86400: minutes % 60 == 0 ? "\(hours) h" : "\(hours) h \(minutes % 60) min"
        default: hours % 24 == 0 ? "\(days) d" : "\(days) d \(hours % 24) h"
        }
    }

    /// One decimal below ten, where whole numbers would hide too much.
    private static func rate(_ rate: Double) -> String {
        guard rate > 0, rate < Double(Int.max / 100) else { return "0" }
        let tenths = Int((rate * 10).rounded())
        return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10)" : grouped(Int(rate.rounded()))
    }
}
