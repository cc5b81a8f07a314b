import Purging
import Synchronization
import TestSupport

/// The outside world in which purges run: a Tokenserver, the storage nodes, and the accounts with their clients.
final class HistoryWorld: Sendable {
    /// A token that a client got, and until when the storage takes it.
    struct Held: Sendable {
        let token: ModelToken
        let until: Int64
    }

    private struct State {
        var accounts: [ModelAccount]
        /// Which account each of the history's users has now.
        var slots: [Int]
        var tokens: [String: [Held]] = [:]
        var lastState = 0
        var lastName = 0
        var violation: String?
        var told: [String] = []
    }

    static let tokenLife: Int64 = 3_600_000

    let setting: HistorySetting
    let time = ManualTime(wallTime: RunFixture.wallTime)
    let simulation: Simulation
    let tokenserver: ModelTokenserver
    let storage: ModelStorage
    let census = Census()
    /// Uids of records that were a deleted account's as far as anybody could tell from the rows, at some time: when the
    /// account was marked, or when its last marked record went. They must go, whatever the rows say later.
    private let doomed = Mutex<Set<[Int64]>>([])
    /// Whether it is remembered what happened, to be told.
    private let isTelling: Bool
    private let state: Mutex<State>

    init(setting: HistorySetting, isTelling: Bool = false) {
        self.setting = setting
        self.isTelling = isTelling
        simulation = Simulation(time: time)
        tokenserver = setting.tokenserver(time)
        storage = ModelStorage(setting.backends)
        let start = RunFixture.wallTime.rawValue - 1000
        let accounts = setting.accounts.enumerated().map { number, fxaUID in
            ModelAccount(
                fxaUID: fxaUID,
                proof: .init(generation: start, keysChangedAt: start - 100, clientState: "a\(number)")
            )
        }
        state = Mutex(State(accounts: accounts, slots: Array(accounts.indices)))
    }

    var now: Int64 { tokenserver.now }

    var rows: ModelRows { tokenserver.rows }

    func pass(_ duration: Duration) async { await tokenserver.pass(duration) }

    func doom(_ user: ModelUser) { doomed.withLock { _ = $0.insert(Self.identity(user)) } }

    /// Takes that back.
    func spare(_ user: ModelUser) { doomed.withLock { _ = $0.remove(Self.identity(user)) } }

    func isDoomed(_ user: ModelUser) -> Bool { doomed.withLock { $0.contains(Self.identity(user)) } }

    /// A uid may be given out again.
    private static func identity(_ user: ModelUser) -> [Int64] { [user.uid, user.createdAt] }

    // MARK: What happened

    var violation: String? { state.withLock(\.violation) }

    /// Only the first one counts: what follows may follow from it.
    func violated(_ text: String) {
        tell("VIOLATION: \(text)")
        state.withLock { $0.violation = $0.violation ?? text }
    }

    var story: [String] { state.withLock(\.told) }

    func tell(_ text: @autoclosure () -> String) {
        guard isTelling else { return }
        let line = "\(Self.clock(time.elapsed)) \(text())"
        state.withLock { $0.told.append(line) }
    }

    private static func clock(_ elapsed: Duration) -> String {
        let milliseconds = elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        let (hours, rest) = milliseconds.quotientAndRemainder(dividingBy: 3_600_000)
        return "+\(hours)h \(rest / 1000).\(String(rest % 1000 + 1000).dropFirst())s"
    }

    // MARK: Accounts

    var accounts: [ModelAccount] { state.withLock(\.accounts) }

    func account(_ user: Int) -> ModelAccount { state.withLock { $0.accounts[$0.slots[user]] } }

    func change(_ user: Int, _ change: (inout ModelAccount) -> Void) {
        state.withLock { change(&$0.accounts[$0.slots[user]]) }
    }

    /// Who deleted an account may come back with a new one.
    func comeBack(_ user: Int) {
        let old = account(user)
        guard !old.isAlive else { return }
        let proof = ModelAccount.Proof(generation: now, keysChangedAt: now, clientState: newClientState())
        state.withLock { state in
            state.slots[user] = state.accounts.count
            state.accounts.append(ModelAccount(fxaUID: "\(old.fxaUID)x", proof: proof))
        }
    }

    func newClientState() -> String {
        state.withLock { state in
            state.lastState += 1
            return "b\(state.lastState % 10)\(100 + state.lastState)0"
        }
    }

    func newURL() -> String {
        state.withLock { state in
            state.lastName += 1
            return "https://alias-\(state.lastName).example.com"
        }
    }

    func hold(_ token: ModelToken) {
        let held = Held(token: token, until: now + Self.tokenLife)
        state.withLock { $0.tokens[token.fxaUID, default: []].append(held) }
    }

    /// The tokens that still work, the newest last.
    func tokens(_ fxaUID: String) -> [ModelToken] {
        let now = now
        return state.withLock { $0.tokens[fxaUID] ?? [] }.filter { $0.until > now }.map(\.token)
    }

    func write(_ token: ModelToken) {
        let isOrphan = rows.user(token.uid) == nil
        storage.write(token, at: now, isOrphan: isOrphan)
        tell("\(token.fxaUID) writes as uid \(token.uid) at \(token.url), key \(token.key)")
    }
}
