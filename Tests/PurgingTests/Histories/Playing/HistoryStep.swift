import Purging
import TestSupport

/// One thing that happens, some time after the one before it began. A history is a list of them, and any part of such
/// a list is a history too, so that a failing one can be shortened.
struct HistoryStep: Sendable {
    /// Since the last step began: milliseconds.
    var gap: Int
    /// Of the randomness inside the step.
    var seed: UInt64
    var event: Event

    /// What a client leaves out, and whether it stores something at once.
    struct Client: Sendable {
        var kind: ModelAccount.Kind
        var writes: Bool
        /// Whether it missed the account's last change.
        var isStale = false
    }

    enum Event: Sendable {
        case login(user: Int, Client)
        /// Two devices at once.
        case raceLogins(user: Int, Client, Client)
        /// With a token of the last hour: the newest, or any.
        case write(user: Int, isStale: Bool)
        case changePassword(user: Int, isTold: Bool)
        case resetKey(user: Int)
        /// `isTold`: by the webhook. `during`: a login that is under way meanwhile.
        case deleteAccount(user: Int, isTold: Bool, during: Client?)
        case unassign(node: Int64)
        case removeNode(node: Int64)
        /// The node's URL is changed; `toStorageOf` another node, or to another name of the same.
        case rename(node: Int64, toStorageOf: Int64?)
        /// A second row for the same storage.
        case addRow(of: Int64, isOtherService: Bool)
        case changeService(node: Int64)
        case setDowned(node: Int64, Int)
        case setBackoff(node: Int64, Int)
        case useOtherService(user: Int, node: Int64)
        /// Tokenserver is replaced by the one written in Rust, and uses the Spanner node if there is one.
        case upgrade
        case changeDomain(String)
        case restartDatabase
        case purge(PurgeStep)
    }
}

extension HistoryStep {
    /// Chapters of some days each, each of which ends with a purge and what happens during it.
    static func history(using random: inout SeededGenerator) -> [HistoryStep] {
        var steps: [HistoryStep] = []
        for _ in 0..<random.pick([1, 2, 2, 3, 3]) {
            for _ in 0..<random.integer(3...11) {
                steps.append(step(after: gap(using: &random), event(using: &random), using: &random))
            }
            let wait = random.chance(5, in: 6) ? random.integer(24...60) * 3_600_000 : random.integer(0...20_000)
            steps.append(step(after: wait, .purge(.random(using: &random)), using: &random))
            for _ in 0..<random.integer(0...5) {
                let gap = random.integer(0...random.pick([60, 600, 4000, 15_000]))
                let isPurge = random.chance(1, in: 12)
                let event = isPurge ? .purge(.random(using: &random)) : event(using: &random)
                steps.append(step(after: gap, event, using: &random))
            }
        }
        return steps
    }

    private static func step(after gap: Int, _ event: Event, using random: inout SeededGenerator) -> HistoryStep {
        HistoryStep(gap: gap, seed: random.next(), event: event)
    }

    private static func gap(using random: inout SeededGenerator) -> Int {
        switch random.integer(0...9) {
        case 0..<4: random.integer(0...40)
        case 4..<6: random.integer(0...9000)
        case 6..<8: random.integer(0...7200) * 1000
        default: random.integer(1...72) * 3_600_000
        }
    }

    private static func client(using random: inout SeededGenerator) -> Client {
        Client(
            kind: random.chance(1, in: 2) ? ModelAccount.Kind.all[0] : random.pick(ModelAccount.Kind.all),
            writes: random.chance(4, in: 5),
            isStale: random.chance(1, in: 10)
        )
    }

    private static func event(using random: inout SeededGenerator) -> Event {
        let user = random.pick([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3])
        let node = random.pick(HistorySetting.nodes)
        switch random.integer(0..<100) {
        case 0..<28: return .login(user: user, client(using: &random))
        case 28..<35: return .raceLogins(user: user, client(using: &random), client(using: &random))
        case 35..<43: return .write(user: user, isStale: random.chance(2, in: 3))
        case 43..<48: return .changePassword(user: user, isTold: random.chance(1, in: 2))
        case 48..<61: return .resetKey(user: user)
        case 61..<68:
            let during = random.chance(1, in: 3) ? client(using: &random) : nil
            return .deleteAccount(user: user, isTold: random.chance(4, in: 5), during: during)
        case 68..<77: return .unassign(node: node)
        case 77..<79: return .removeNode(node: node)
        case 79..<82:
            let other = random.chance(1, in: 2) ? random.pick(HistorySetting.nodes) : nil
            return .rename(node: node, toStorageOf: other)
        case 82..<84: return .addRow(of: node, isOtherService: random.chance(1, in: 3))
        case 84: return .changeService(node: node)
        case 85..<89: return .setDowned(node: node, random.pick([0, 0, 1, 7]))
        case 89: return .setBackoff(node: node, random.pick([0, 1]))
        case 90: return .useOtherService(user: user, node: node)
        case 91..<94: return .upgrade
        case 94: return .changeDomain(random.pick(["Example.com", "example.com", "example.org"]))
        case 95..<97: return .restartDatabase
        default: return .login(user: 3, client(using: &random))
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func integer(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }
}
