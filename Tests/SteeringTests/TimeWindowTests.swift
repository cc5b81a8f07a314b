import Foundation
import Steering
import Testing

@Suite("A window of time")
struct TimeWindowTests {
    private static func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    @Test(
        "goes by the clock on the wall of its zone",
        arguments: [
            // Berlin is two hours ahead in summer, one in winter.
            ("22:00-06:00 Europe/Berlin", "2026-07-01T19:59:59Z", false),
            ("22:00-06:00 Europe/Berlin", "2026-07-01T20:00:00Z", true),
            ("22:00-06:00 Europe/Berlin", "2026-07-02T03:59:59Z", true),
            ("22:00-06:00 Europe/Berlin", "2026-07-02T04:00:00Z", false),
            ("22:00-06:00 Europe/Berlin", "2026-01-01T20:30:00Z", false),
            ("22:00-06:00 Europe/Berlin", "2026-01-01T21:00:00Z", true),
            ("09:00-17:30", "2026-01-01T17:29:59Z", true),
            ("09:00-17:30", "2026-01-01T17:30:00Z", false),
            ("09:00-24:00 UTC", "2026-01-01T23:59:59Z", true),
            ("00:00-01:00", "2026-01-01T00:00:00Z", true),
            // The hour that the clocks skip, 02:00 to 03:00 on 2026-03-29, is in no window; the one they repeat twice.
            ("02:00-03:00 Europe/Berlin", "2026-03-29T00:59:59Z", false),
            ("02:00-03:00 Europe/Berlin", "2026-03-29T01:00:00Z", false),
            ("02:00-03:00 Europe/Berlin", "2026-10-25T00:30:00Z", true),
            ("02:00-03:00 Europe/Berlin", "2026-10-25T01:30:00Z", true),
            ("02:00-03:00 Europe/Berlin", "2026-10-25T02:00:00Z", false),
        ]
    )
    func times(window: String, moment: String, isIn: Bool) throws {
        #expect(try TimeWindow(window).contains(Self.date(moment)) == isIn)
    }

    @Test(
        "a night belongs to the day on which it begins",
        arguments: [
            // 2026-11-27 is a Friday.
            ("Fri 22:00-06:00", "2026-11-27T05:00:00Z", false),
            ("Fri 22:00-06:00", "2026-11-27T22:00:00Z", true),
            ("Fri 22:00-06:00", "2026-11-28T05:59:00Z", true),
            ("Fri 22:00-06:00", "2026-11-28T22:00:00Z", false),
            ("Mon-Fri 22:00-06:00", "2026-11-28T03:00:00Z", true),
            ("Mon-Fri 22:00-06:00", "2026-11-30T03:00:00Z", false),
            ("Sat,Sun 00:00-24:00", "2026-11-29T12:00:00Z", true),
            ("Sat-Mon 00:00-24:00", "2026-11-30T12:00:00Z", true),
            ("sat-mon 00:00-24:00", "2026-12-01T12:00:00Z", false),
            ("Mon,Wed-Thu 10:00-11:00", "2026-11-25T10:30:00Z", true),
        ]
    )
    func days(window: String, moment: String, isIn: Bool) throws {
        #expect(try TimeWindow(window).contains(Self.date(moment)) == isIn)
    }

    @Test(
        "says what is wrong with it",
        arguments: [
            ("", "no times"), ("Mon", "no times"), ("22-6", "no times like"), ("22:00", "no times like"),
            ("25:00-06:00", "no times like"), ("22:60-06:00", "no times like"), ("24:00-06:00", "no times like"),
            ("+1:00-06:00", "no times like"), ("22:00-22:00", "same time"), ("22:00-06:00 Mars/Base", "time zone"),
            ("22:00-06:00 UTC now", "more than"), ("Mon-Tue-Wed 22:00-06:00", "days like"),
            ("Mondays 22:00-06:00", "days like"), ("Mon, 22:00-06:00", "days like"),
        ]
    )
    func wrong(window: String, words: String) {
        let error = #expect(throws: TimeWindow.ParseError.self) { try TimeWindow(window) }
        #expect(error?.problem.contains(words) == true, "\(error?.problem ?? "")")
    }
}
