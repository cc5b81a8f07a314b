/// The date format of HTTP headers: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameter seconds: since 1970; before that the epoch itself is written.
    static func text(_ seconds: Double) -> String {
        let total = Int(min(max(seconds, 0), 2e11))
        let (days, second) = total.quotientAndRemainder(dividingBy: 86400)
        let (year, month, day) = civil(days)
        let clock = "\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
        return "\(weekdays[days % 7]), \(padded(day)) \(months[month]) \(year) \(clock) GMT"
    }

    /// The calendar day, its month counted from 0, found by walking a year that begins in March: its leap day is last.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let sinceYearZero = days + 719_468
        let (era, dayOfEra) = sinceYearZero.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
        let month = (fromMarch + 2) % 12
        return (era * 400 + yearOfEra + (month < 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
