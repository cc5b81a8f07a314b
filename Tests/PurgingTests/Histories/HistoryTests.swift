import Foundation
import Purging
import TestSupport
import Testing

/// Random histories of the outside world with purges in them. See README.md.
@Suite("Laws 1 to 5, 7, 8 and 12: any history")
struct HistoryTests {
    /// `PURGE_TEST_HISTORIES` asks for more.
    private static let count = ProcessInfo.processInfo.environment["PURGE_TEST_HISTORIES"].flatMap(Int.init) ?? 2500

    @Test("No next login misses data, and in the end all is gone that ought to be")
    func histories() {
        let started = Date.now
        let census = Census()
        let seeds = Seeds.some(Self.count)
        for seed in seeds {
            let history = History(seed: seed)
            guard let violation = history.violation(census: census) else { continue }
            let (short, last) = history.shortened(violation)
            Issue.record("PURGE_TEST_SEED=\(seed): \(last)\n\(short.story)")
            return
        }
        if seeds.count < 1000 { return }
        for situation in Census.Situation.allCases where census[situation] == 0 {
            Issue.record("In \(seeds.count) histories there were no \(situation.rawValue)")
        }
        if ProcessInfo.processInfo.environment["PURGE_TEST_HISTORIES"] != nil {
            let seconds = Date.now.timeIntervalSince(started)
            print("\(seeds.count) histories in \(Int(seconds)) s\n\(census.table)")
        }
    }
}
