/// Numbers and durations as people read them.
package enum Figures {
    /// 1234567 as 1,234,567.
    package static func grouped(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([Substring(digits)] + groups).joined(separator: ",")
    }

    /// A count with its noun in the right number: "1 record", "2,000 records".
    ///
    /// - Parameter plural: where it is not the noun with an s.
    package static func counted(_ value: Int, _ noun: String, plural: String? = nil) -> String {
        "\(grouped(value)) \(value == 1 ? noun : plural ?? noun + "s")"
    }

    /// Two parts at most, such as "3 d 4 h" or "250 ms".
    package static func duration(_ duration: Duration) -> String {
        if duration < .zero { return "-" + self.duration(.zero - duration) }
        let (seconds, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if seconds == 0 { return "\(milliseconds) ms" }
        if seconds < 60 { return "\(seconds).\(milliseconds / 100) s" }
        return parts(seconds)
    }

    /// As ``duration(_:)``, without parts of a second: "0 s", "45 s", "3 d 4 h".
    package static func wholeSeconds(_ duration: Duration) -> String { parts(max(0, duration.components.seconds)) }

    /// A time that is left, in whole seconds, any part of a second counted as one: "45 s", "3 h 12 min".
    package static func timeLeft(_ duration: Duration) -> String {
        let (whole, fraction) = duration.components
        let seconds = max(0, fraction > 0 ? whole + 1 : whole)
        if seconds >= 60, seconds < 3600 { return "\(seconds / 60) min" }
        return parts(seconds)
    }

    /// The two largest units that matter.
    private static func parts(_ seconds: Int64) -> String {
        let units: [(size: Int64, name: String)] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        guard let first = units.firstIndex(where: { seconds >= $0.size }) else { return "0 s" }
        let (size, name) = units[first]
        var text = "\(grouped(Int(seconds / size))) \(name)"
        if first + 1 < units.count {
            let (smaller, smallerName) = units[first + 1]
            let rest = seconds % size / smaller
            if rest > 0 { text += " \(rest) \(smallerName)" }
        }
        return text
    }

    package static func seconds(_ seconds: Double) -> String { duration(.seconds(min(max(seconds, -1e12), 1e12))) }

    /// A rate, with one digit behind the point where it is small.
    package static func rate(_ value: Double) -> String {
        guard value > 0, value < 1e15 else { return "0" }
        if value >= 9.95 { return grouped(Int(value.rounded())) }
        let tenths = (value * 10).rounded() / 10
        return Int(exactly: tenths).map { String($0) } ?? String(tenths)
    }

    /// A number of thousandths as a decimal fraction, as short as possible and never in scientific notation.
    package static func decimal(thousandths: Int) -> String { decimal(thousandths, digits: 3) }

    package static func decimal(millionths: Int) -> String { decimal(millionths, digits: 6) }

    private static func decimal(_ parts: Int, digits: Int) -> String {
        let unit = (0..<digits).reduce(1) { size, _ in size * 10 }
        let (whole, rest) = parts.magnitude.quotientAndRemainder(dividingBy: UInt(unit))
        let text = (parts < 0 ? "-" : "") + String(whole)
        if rest == 0 { return text }
        var fraction = String(UInt(unit) + rest).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(text).\(fraction)"
    }

    /// A number of an axis: 1,500,000 as 1.5 M.
    package static func short(_ value: Double) -> String {
        for (size, name) in [(1e9, " G"), (1e6, " M"), (1e3, " k")] where value >= size {
            let tenths = (value / size * 10).rounded() / 10
            return (Int(exactly: tenths).map { String($0) } ?? String(tenths)) + name
        }
        let tenths = (value * 10).rounded() / 10
        return Int(exactly: tenths).map { String($0) } ?? String(tenths)
    }
}
