import Purging
import TestSupport

/// One thing that happens to a Tokenserver. A history is a list of them, and any part of such a list is a history too,
/// so that a failing one can be shortened.
indirect enum HistoryStep: Sendable {
    case login(user: Int, node: Int64)
    case changeKey(user: Int, node: Int64, keysChangedAt: KeysChangedAt, isBackdated: Bool)
    /// Two records of one key at once, as two first logins make them.
    case race(user: Int, nodes: [Int64])
    /// The user's client stores something, with the token of the active record.
    case write(user: Int)
    /// A client that didn't hear of the change yet goes on with an old token.
    case staleWrite(user: Int)
    case retire(user: Int)
    /// An operator takes a node from all its users.
    case unassign(node: Int64)
    /// An operator makes a replaced record active again.
    case restore(user: Int)
    case removeNode(Int64)
    case setDowned(Int64, Bool)
    case wait(hours: Int)
    case purge(PurgeStep)

    /// What a login writes into `keys_changed_at`.
    enum KeysChangedAt: Sendable, CaseIterable {
        case none, zero, known
    }

    /// Some purgers at once, and what happens meanwhile.
    struct PurgeStep: Sendable {
        var seed: UInt64
        var purgers: Int
        /// Killed after so many milliseconds; nil for not.
        var killedAfter: [Int?]
        var clockSkewSeconds: Int
        var purgesUnassigned: Bool
        var forcesDowned: Bool
        var order: RunOptions.Order
        /// Whether all nodes do what they are asked to.
        var isCalm = false
        /// Milliseconds after the start.
        var meanwhile: [(after: Int, step: HistoryStep)]
    }
}

extension HistoryStep {
    static let users = 4
    static let nodes: ClosedRange<Int64> = 1...4

    static func random(using random: inout SeededGenerator, mayPurge: Bool = true) -> HistoryStep {
        let user = random.integer(1...users)
        func node() -> Int64 { Int64(random.integer(Int(nodes.lowerBound)...Int(nodes.upperBound))) }
        switch random.integer(0...(mayPurge ? 27 : 19)) {
        case 0..<5: return .login(user: user, node: node())
        case 5..<9:
            return .changeKey(
                user: user,
                node: node(),
                keysChangedAt: random.pick(KeysChangedAt.allCases),
                isBackdated: random.chance(1, in: 4)
            )
        case 9: return .race(user: user, nodes: [node(), node()])
        case 10..<13: return .write(user: user)
        case 13: return .staleWrite(user: user)
        case 14, 15: return .retire(user: user)
        case 16: return .unassign(node: node())
        case 17: return .restore(user: user)
        case 18: return .setDowned(node(), random.chance(1, in: 2))
        case 19: return random.chance(1, in: 2) ? .removeNode(node()) : .unassign(node: node())
        case 20..<23: return .wait(hours: random.integer(1...40))
        default: return .purge(.random(using: &random))
        }
    }
}

extension HistoryStep.PurgeStep {
    static func random(using random: inout SeededGenerator) -> Self {
        let purgers = random.chance(1, in: 4) ? 2 : 1
        return Self(
            seed: random.next(),
            purgers: purgers,
            killedAfter: (0..<purgers).map { _ in random.chance(1, in: 3) ? random.integer(0...400) : nil },
            clockSkewSeconds: random.chance(1, in: 3) ? random.integer(-4000...4000) : 0,
            purgesUnassigned: random.chance(1, in: 5),
            forcesDowned: random.chance(1, in: 5),
            order: random.pick(RunOptions.Order.allCases),
            meanwhile: (0..<random.integer(0...3)).map { _ in
                (random.integer(0...random.pick([600, 12_000])), .random(using: &random, mayPurge: false))
            }
        )
    }
}
