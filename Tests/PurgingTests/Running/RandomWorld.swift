@testable import Purging
import SyncTokens
import TestSupport
import Testing

/// Random users on random nodes of all tempers, and what must hold whatever a run does with them.
struct RandomWorld {
    /// How a node behaves for the whole run.
    enum Temper: CaseIterable {
        case good, slow, flaky, dead, hanging, overloaded, decommissioned, refusing, misrouted, picky, moody
    }

    let seed: UInt64
    let fixture: RunFixture
    let tempers: [NodeID: Temper]
    let keyings: [NodeID: StorageKeying]
    let before: [UID: UserRecord]
    let nodesBefore: [InMemoryRecordStore.NodeRow]
    let firstActions: [UID: PurgeAction]

    /// - Parameter allowed: the tempers that nodes may have.
    init(seed: UInt64, allowed: [Temper] = Temper.allCases, configure: (inout RunOptions) -> Void = { _ in }) {
        var random = SeededGenerator(seed: seed)
        self.seed = seed
        var rows: [InMemoryRecordStore.NodeRow] = []
        var tempers: [NodeID: Temper] = [:]
        var keyings: [NodeID: StorageKeying] = [:]
        var types: [String: StorageKeying] = [:]
        for id in 1...Int64(random.integer(1...5)) {
            var node = Node.live(id)
            node.isDowned = random.chance(1, in: 8)
            node.isThrottled = random.chance(1, in: 8)
            let capacity = random.integer(10...200)
            rows.append(
                .init(
                    node,
                    available: random.integer(0...capacity),
                    currentLoad: random.integer(0...capacity),
                    capacity: capacity
                )
            )
            tempers[node.id] = random.pick(allowed)
            keyings[node.id] = random.pick([.uid, .uid, .account, .unknown])
            types[node.url] = keyings[node.id] == .unknown ? nil : keyings[node.id]
        }
        if random.chance(1, in: 6) {
            rows.append(.init(Node(id: NodeID(77), url: "sync-77")))
        }
        var policy = PurgePolicy()
        policy.storageTypes = StorageTypes(byURL: types)
        policy.forcesDownedNodes = random.chance(1, in: 6)
        policy.purgesUnassigned = random.chance(1, in: 2)
        var options = RunOptions()
        options.pageSize = random.pick([1, 3, 10, 50])
        options.maxOffset = random.pick([0, 0, 20])
        options.onFailure = random.pick([.defer, .leave])
        options.settler.batchSize = random.pick([1, 7, 100])
        options.dispatcher.window = random.pick([8, 64, 4096])
        options.dispatcher.gate.ceiling = random.pick([1, 4, 32])
        options.maxRate = random.chance(1, in: 8) ? 20 : nil
        configure(&options)
        let nodeIDs = rows.map(\.node.id.rawValue) + (random.chance(1, in: 3) ? [900, 901] : [])
        let users = Self.users(random.integer(5...60), on: nodeIDs, using: &random)
        fixture = RunFixture(
            nodes: rows,
            users: users.map { .init($0) },
            options: options,
            policy: policy,
            mostExamined: random.pick([5, 30, 1000]),
            seed: seed
        )
        self.tempers = tempers
        self.keyings = keyings
        nodesBefore = fixture.store.nodeRows
        before = Dictionary(users.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        firstActions = fixture.actions()
        for (id, temper) in tempers {
            fixture.nodes.node(Node.url(id.rawValue), answers: temper.script(seed: seed ^ UInt64(id.rawValue)))
        }
    }

    /// Users' histories: some active, some unassigned, some deleted.
    private static func users(
        _ count: Int,
        on nodes: [Int64],
        using random: inout SeededGenerator
    ) -> [UserRecord] {
        var records: [UserRecord] = []
        var uid: Int64 = 0
        for user in 0..<count {
            var history: [UserRecord] = []
            var generation = Int64(random.integer(1...3))
            // A user's keys change, but never back.
            var key = 0
            func state() -> String { random.chance(1, in: 40) ? "bad" : ["aa", "bb", "cc", "dd", "ee"][key] }
            func moment() -> Int64? { random.pick([nil, 0, Int64(key) + 1]) }
            var (clientState, keysChangedAt) = (state(), moment())
            for step in 0..<Int64(random.integer(1...4)) {
                uid += Int64(random.integer(1...3))
                history.append(
                    .of(
                        "user\(user)",
                        uid: uid,
                        generation: generation,
                        keysChangedAt: keysChangedAt,
                        clientState: clientState,
                        createdAt: 1000 + step,
                        replacedAt: random.chance(1, in: 3) ? 5000 : Int64(random.integer(1000...9000)),
                        node: random.pick(nodes)
                    )
                )
                if random.chance(1, in: 2) {
                    key += 1
                    generation += 1
                    (clientState, keysChangedAt) = (state(), moment())
                }
            }
            end(&history, using: &random)
            records += history
        }
        return records
    }

    /// How things stand with the user now: active, deleted, replaced just now, or unassigned.
    private static func end(_ history: inout [UserRecord], using random: inout SeededGenerator) {
        let last = history.count - 1
        switch random.integer(0...4) {
        case 0: history[last].replacedAt = nil
        case 1:
            for index in max(0, last - 1)...last {
                history[index].replacedAt = nil
            }
        case 2: history[last].generation = .max
        case 3:
            history[last].replacedAt = RunFixture.cutoff.advanced(by: .milliseconds(random.integer(0...9)))
            history[0].generation = random.chance(1, in: 4) ? .max : history[0].generation
        default: break
        }
    }
}

extension RandomWorld.Temper {
    /// Whether every request is confirmed, sooner or later.
    var isReliable: Bool { self == .good || self == .slow }

    func script(seed: UInt64) -> SimulatedNodes.Script {
        { request, attempt in
            var random = SeededGenerator(seed: seed &+ UInt64(request.uid.rawValue) &* 31 &+ UInt64(attempt))
            switch self {
            case .good: return .init(.confirmed(lastModified: 1), after: .milliseconds(random.integer(1...60)))
            case .slow: return .init(.confirmed(lastModified: 0), after: .milliseconds(random.integer(500...9000)))
            case .flaky: return Self.flaky(using: &random)
            case .dead: return .init(.unreachable(what: "refused", sent: false), after: .milliseconds(1))
            case .hanging: return .init(.timedOut, after: .seconds(60)).deletingData()
            case .overloaded: return .init(.busy(status: 503), after: .milliseconds(30))
            case .decommissioned: return .init(.decommissioned)
            case .refusing: return .init(.signatureRefused)
            case .misrouted: return .init(.misrouted(status: 200, what: "nginx"))
            case .picky: return Self.picky(request.uid)
            case .moody: return Self.moody(using: &random)
            }
        }
    }

    private static func flaky(using random: inout SeededGenerator) -> SimulatedNodes.Reply {
        switch random.integer(0...9) {
        case 0: .init(.busy(status: 503)).asking(retryAfter: .seconds(10))
        case 1: .init(.trouble(status: 500))
        case 2: .init(.timedOut, after: .seconds(60)).deletingData()
        case 3: .init(.unreachable(what: "reset", sent: true)).deletingData()
        default: .init(.confirmed(lastModified: 1), after: .milliseconds(random.integer(5...200)))
        }
    }

    /// Some records have an answer of their own, always the same.
    private static func picky(_ uid: UID) -> SimulatedNodes.Reply {
        switch uid.rawValue % 8 {
        case 0: .init(.refused(status: 400))
        case 1: .init(.notFound)
        case 2: .init(.writtenSince(lastModified: nil))
        case 3: .init(.trouble(status: 500))
        default: .good
        }
    }

    /// Asks for pauses, and has long bad times.
    private static func moody(using random: inout SeededGenerator) -> SimulatedNodes.Reply {
        switch random.integer(0...5) {
        case 0: .good.asking(quiet: .seconds(random.integer(1...100)))
        case 1, 2: .init(.trouble(status: 502))
        default: .good
        }
    }
}
