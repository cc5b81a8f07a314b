import Purging
import TestSupport

/// One or two purging processes: what they are told to do, and what is done to them.
struct PurgeStep: Sendable {
    /// How the world answers them.
    enum Trouble: Sendable, CaseIterable {
        /// A page is old when it arrives.
        case slowReads
        /// A request takes seconds to get out.
        case slowSends
        /// The audit log stalls.
        case slowJournal
        /// Nodes answer late, not at all, or otherwise than well.
        case badNodes
    }

    var purgers = 1
    /// Killed after so many milliseconds; nil for not.
    var killedAfter: Int?
    var troubles: Set<Trouble> = []
    var hasWrongSecret = false
    var clockSkewSeconds = 0
    var purgesUnassigned = false
    var forcesDowned = false
    /// The node whose URL overrides that of downed nodes.
    var overrideNode: Int64?
    var acceptsUnaddressable = false
    var order = RunOptions.Order.oldestFirst
    var onFailure = RunOptions.OnFailure.leave
    var pageSize = 3
    /// A dry run makes a plan, which is carried out so many milliseconds later.
    var planAge: Int?

    static func random(using random: inout SeededGenerator) -> PurgeStep {
        PurgeStep(
            purgers: random.chance(1, in: 6) ? 2 : 1,
            killedAfter: random.chance(1, in: 5) ? random.integer(0...random.pick([300, 3000])) : nil,
            troubles: Set(Trouble.allCases.filter { _ in random.chance(1, in: 3) }),
            hasWrongSecret: random.chance(1, in: 25),
            clockSkewSeconds: random.chance(1, in: 5) ? random.integer(-4000...4000) : 0,
            purgesUnassigned: random.chance(1, in: 8),
            forcesDowned: random.chance(1, in: 5),
            overrideNode: random.chance(1, in: 2) ? random.pick(HistorySetting.nodes) : nil,
            acceptsUnaddressable: random.chance(1, in: 6),
            order: random.pick(RunOptions.Order.allCases),
            onFailure: random.pick(RunOptions.OnFailure.allCases),
            pageSize: random.integer(1...5),
            planAge: random.chance(1, in: 8) ? random.integer(0...random.pick([1000, 10_000_000])) : nil
        )
    }

    /// The same without one of its peculiarities: for shorter stories.
    var simpler: [PurgeStep] {
        var all: [PurgeStep] = []
        func add(_ isPeculiar: Bool, _ change: (inout PurgeStep) -> Void) {
            var step = self
            change(&step)
            if isPeculiar { all.append(step) }
        }
        add(purgers > 1) { $0.purgers = 1 }
        add(killedAfter != nil) { $0.killedAfter = nil }
        for trouble in Trouble.allCases {
            add(troubles.contains(trouble)) { $0.troubles.remove(trouble) }
        }
        add(hasWrongSecret) { $0.hasWrongSecret = false }
        add(clockSkewSeconds != 0) { $0.clockSkewSeconds = 0 }
        add(purgesUnassigned) { $0.purgesUnassigned = false }
        add(forcesDowned) { $0.forcesDowned = false }
        add(overrideNode != nil) { $0.overrideNode = nil }
        add(acceptsUnaddressable) { $0.acceptsUnaddressable = false }
        add(order != .oldestFirst) { $0.order = .oldestFirst }
        add(onFailure != .leave) { $0.onFailure = .leave }
        add(planAge != nil) { $0.planAge = nil }
        return all
    }
}
