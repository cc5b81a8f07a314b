import Foundation
import Purging
import TestSupport
import Testing

/// Long random histories of a Tokenserver, with purges in between, on storage keyed by uid and by account at once.
@Suite("Laws 1, 2, 3, 5 and 8: any history")
struct HistoryTests {
    /// `PURGE_TEST_HISTORIES` asks for more.
    private static let count = ProcessInfo.processInfo.environment["PURGE_TEST_HISTORIES"].flatMap(Int.init) ?? 2000
    private static let longest = 40

    @Test("harms no live user, loses no data that is still stored, and its audit log tells what the nodes did")
    func histories() throws {
        for seed in Seeds.some(Self.count) {
            var random = SeededGenerator(seed: seed)
            let isRust = random.chance(1, in: 2)
            let steps = (0..<random.integer(5...Self.longest)).map { _ in HistoryStep.random(using: &random) }
            guard let violation = Self.violation(of: steps, isRust: isRust) else { continue }
            let (short, last) = Self.shortened(steps, violation, isRust: isRust)
            let story = short.map { "  \($0)" }.joined(separator: "\n")
            Issue.record("PURGE_TEST_SEED=\(seed), rust \(isRust): \(last)\n\(story)")
            return
        }
    }

    /// What goes wrong in a history; nil if nothing does.
    private static func violation(of steps: [HistoryStep], isRust: Bool) -> String? {
        let world = HistoryWorld(isRust: isRust)
        do {
            for step in steps {
                if case .purge(let purge) = step { try world.purge(purge) } else { world.happen(step) }
                if let violation = world.violations.first { return violation }
            }
            try world.end()
            if let violation = world.violations.first { return violation }
        } catch {
            return "\(error)"
        }
        return nil
    }

    /// The history without all the steps that it fails without, too.
    private static func shortened(
        _ steps: [HistoryStep],
        _ violation: String,
        isRust: Bool
    ) -> ([HistoryStep], String) {
        var (steps, last) = (steps, violation)
        var size = max(1, steps.count / 2)
        while true {
            var start = 0
            var wasShortened = false
            while start < steps.count {
                var fewer = steps
                fewer.removeSubrange(start..<min(start + size, steps.count))
                if let violation = Self.violation(of: fewer, isRust: isRust) {
                    (steps, last, wasShortened) = (fewer, violation, true)
                } else {
                    start += size
                }
            }
            if size == 1, !wasShortened { return (steps, last) }
            size = max(1, size / 2)
        }
    }
}
