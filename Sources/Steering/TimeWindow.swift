package import Foundation

/// A stretch of the day in which purging is welcome, such as `Mon-Fri 22:00-06:00 Europe/Berlin`.
///
/// It goes by what a clock on the wall there shows, so on a night when the clocks change it is an hour shorter or
/// longer. One that ends before it begins reaches into the next day, and belongs to the day on which it begins.
package struct TimeWindow: Sendable, Equatable {
    package struct ParseError: Error, Equatable {
        package let problem: String
    }

    /// From Sunday as 0; empty for every day.
    private let days: Set<Int>
    /// Minutes since midnight: the first that belongs to it, and the first that doesn't.
    private let start: Int
    private let end: Int
    private let zone: TimeZone

    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let minutesPerDay = 24 * 60

    /// `[days] HH:MM-HH:MM [zone]`: days as `Mon-Fri` or `Sat,Sun`, every day if left out; the zone by its name in the
    /// tz database, UTC if left out.
    package init(_ text: String) throws(ParseError) {
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        var days: Set<Int> = []
        if let first = words.first, first.first?.isLetter == true {
            days = try Self.days(first)
            words.removeFirst()
        }
        guard let stretch = words.first else { throw ParseError(problem: "has no times") }
        words.removeFirst()
        let ends = stretch.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = Self.minutes(ends[0]), let end = Self.minutes(ends[1]),
            start < Self.minutesPerDay
        else { throw ParseError(problem: "has no times like 22:00-06:00") }
        guard start != end else { throw ParseError(problem: "begins and ends at the same time") }
        var zone = TimeZone.gmt
        if let name = words.first {
            words.removeFirst()
            guard TimeZone.knownTimeZoneIdentifiers.contains(name) || ["UTC", "GMT"].contains(name),
                let named = TimeZone(identifier: name)
            else { throw ParseError(problem: "names no time zone like Europe/Berlin or UTC") }
            zone = named
        }
        guard words.isEmpty else { throw ParseError(problem: "has more than days, times and a time zone") }
        (self.days, self.start, self.end, self.zone) = (days, start, end, zone)
    }

    package func contains(_ date: Date) -> Bool {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.weekday, .hour, .minute], from: date)
        let (day, minute) = ((parts.weekday ?? 1) - 1, (parts.hour ?? 0) * 60 + (parts.minute ?? 0))
        if start < end { return isOn(day) && (start..<end).contains(minute) }
        return (minute >= start && isOn(day)) || (minute < end && isOn((day + 6) % 7))
    }

    /// When it opens next; nil if that can't be told.
    package func opening(after date: Date) -> Date? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let today = calendar.startOfDay(for: date)
        // Where the clocks change, its time of the day may be missing on one day, so the same day of next week counts too.
        return (0...8).lazy.compactMap { offset -> Date? in
            guard let day = calendar.date(byAdding: .day, value: offset, to: today),
                isOn(calendar.component(.weekday, from: day) - 1),
                let moment = calendar.date(bySettingHour: start / 60, minute: start % 60, second: 0, of: day)
            else { return nil }
            return moment > date ? moment : nil
        }.first
    }

    private func isOn(_ day: Int) -> Bool { days.isEmpty || days.contains(day) }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ part in part.count == 2 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let hours = UInt8(parts[0]), let minutes = UInt8(parts[1]), minutes < 60,
            hours < 24 || (hours == 24 && minutes == 0)
        else { return nil }
        return Int(hours) * 60 + Int(minutes)
    }

    private static func days(_ text: String) throws(ParseError) -> Set<Int> {
        var days: Set<Int> = []
        for part in text.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                dayNames.firstIndex(of: "\($0)")
            }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
                throw ParseError(problem: "has no days like Mon-Fri or Sat,Sun")
            }
            days.formUnion((0...(last - first + 7) % 7).map { (first + $0) % 7 })
        }
        return days
    }
}
