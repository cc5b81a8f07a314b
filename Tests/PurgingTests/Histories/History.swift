import Purging
import TestSupport

/// A world and what happens in it.
struct History: Sendable {
    let setting: HistorySetting
    let steps: [HistoryStep]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        setting = HistorySetting(using: &random)
        steps = HistoryStep.history(using: &random)
    }

    private init(setting: HistorySetting, steps: [HistoryStep]) {
        self.setting = setting
        self.steps = steps
    }

    /// What goes wrong in it; nil if nothing does.
    func violation(census: Census? = nil) -> String? {
        let world = HistoryWorld(setting: setting)
        do {
            try world.play(steps)
        } catch {
            return world.violation ?? "the run can't end: \(error)"
        }
        census?.add(world.census)
        return world.violation
    }

    /// The setting, and all that happens up to the violation.
    var story: String {
        let world = HistoryWorld(setting: setting, isTelling: true)
        try? world.play(steps)
        let told = world.story
        let end = told.firstIndex { $0.contains("VIOLATION") } ?? told.count - 1
        return (["\(setting)"] + told.prefix(end + 1)).joined(separator: "\n")
    }

    // MARK: Shortening

    /// A violation without its numbers and names.
    static func kind(_ violation: String) -> String {
        violation.prefix { $0 != ":" }.split(separator: " ").filter { !$0.contains(where: \.isNumber) }
            .joined(separator: " ")
    }

    /// The history without all that it fails without, too: steps, and peculiarities of its purges.
    ///
    /// - Returns: the history, and what goes wrong in it.
    func shortened(_ violation: String) -> (History, String) {
        let kind = Self.kind(violation)
        var (steps, last) = (steps, violation)
        func fails(_ fewer: [HistoryStep]) -> Bool {
            guard let other = History(setting: setting, steps: fewer).violation(), Self.kind(other) == kind else {
                return false
            }
            (steps, last) = (fewer, other)
            return true
        }
        var size = max(1, steps.count / 2)
        while true {
            var start = 0
            var wasShortened = false
            while start < steps.count {
                var fewer = steps
                let end = min(start + size, steps.count)
                // What follows keeps its distance from what was before.
                let gaps = steps[start..<end].map(\.gap).reduce(0, +)
                fewer.removeSubrange(start..<end)
                if start < fewer.count { fewer[start].gap += gaps }
                if fails(fewer) { wasShortened = true } else { start += size }
            }
            if size == 1, !wasShortened { break }
            size = max(1, size / 2)
        }
        var isSimpler = true
        while isSimpler {
            isSimpler = steps.indices.contains { index in
                Self.simpler(steps[index]).contains { step in
                    var changed = steps
                    changed[index] = step
                    return fails(changed)
                }
            }
        }
        return (History(setting: setting, steps: steps), last)
    }

    private static func simpler(_ step: HistoryStep) -> [HistoryStep] {
        guard case .purge(let purge) = step.event else { return [] }
        return purge.simpler.map {
            var step = step
            step.event = .purge($0)
            return step
        }
    }
}
