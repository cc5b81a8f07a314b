import Foundation
import Purging
import Support

/// Times in UTC; where they stand alone, the page says so.
extension Figures {
    /// Such as "14:05".
    static func time(_ moment: Timestamp) -> String { format(moment, "HH:mm") }

    /// Such as "14:05:09".
    static func timeOfDay(_ moment: Timestamp) -> String { format(moment, "HH:mm:ss") }

    /// Such as "2026-01-31".
    static func day(_ moment: Timestamp) -> String { format(moment, "yyyy-MM-dd") }

    /// Such as "2026-01-31 14:05:09".
    static func dateAndTime(_ moment: Timestamp) -> String { format(moment, "yyyy-MM-dd HH:mm:ss") }

    private static func format(_ moment: Timestamp, _ pattern: String) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = pattern
        return formatter.string(from: Date(timeIntervalSince1970: Double(moment.rawValue) / 1000))
    }
}
