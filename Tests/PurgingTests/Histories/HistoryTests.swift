import Foundation
import Purging
import TestSupport
import Testing

/// Random histories of the outside world with purges in them. See README.md.
@Suite("Laws 1 to 5, 7, 8 and 12: any history")
struct HistoryTests {
    /// `PURGE_TEST_HISTORIES` asks for more.
    private static let count = ProcessInfo.processInfo.environment["PURGE_TEST_HISTORIES"].flatMap(Int.init) ?? 2500

    /// Whether one example of each kind of violation is wanted, and not only the first that is found.
    private static let isSurvey = ProcessInfo.processInfo.environment["PURGE_TEST_SURVEY"] != nil

    @Test("No next login misses data, and in the end all is gone that ought to be")
    func histories() {
        let started = Date.now
        let census = Census()
        // An ordinary run plays the same histories each time; whoever asks for some gets new ones.
        let environment = ProcessInfo.processInfo.environment
        let isAsked = environment["PURGE_TEST_HISTORIES"] != nil || environment["PURGE_TEST_SEED"] != nil
        let seeds = isAsked ? Seeds.some(Self.count) : (0..<UInt64(Self.count)).map { 7_000_000 + $0 }
        var kinds: [String: Int] = [:]
        for seed in seeds {
            let history = History(seed: seed)
            guard let violation = history.violation(census: census) else { continue }
            kinds[History.kind(violation), default: 0] += 1
            if kinds[History.kind(violation)] ?? 0 > 1 { continue }
            let (short, last) = history.shortened(violation)
            Issue.record("PURGE_TEST_SEED=\(seed): \(last)\n\(short.story)")
            if !Self.isSurvey { return }
        }
        for (kind, count) in kinds.sorted(by: { $0.value > $1.value }) {
            print("\(count) histories: \(kind)")
        }
        report(census, of: seeds.count, started)
    }

    /// All situations of interest must have occurred; in few histories a rare one or two may not have.
    private func report(_ census: Census, of histories: Int, _ started: Date) {
        if histories < 1000 { return }
        let missing = Census.Situation.allCases.filter { census[$0] == 0 }.map(\.rawValue)
        #expect(
            missing.count <= (histories < 10_000 ? 2 : 0),
            "In \(histories) histories there were none of: \(missing)"
        )
        if ProcessInfo.processInfo.environment["PURGE_TEST_HISTORIES"] != nil {
            let seconds = Date.now.timeIntervalSince(started)
            print("\(histories) histories in \(Int(seconds)) s\n\(census.table)")
        }
    }
}
