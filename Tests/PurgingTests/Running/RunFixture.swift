import Purging
import SyncTokens
import Synchronization
import TestSupport

/// Everything that a run needs, in simulated time.
final class RunFixture: Sendable {
    static let wallTime = Timestamp(1_700_000_000_000)
    static let cutoff = wallTime.advanced(by: .seconds(-86_400))

    let time: ManualTime
    let simulation: Simulation
    let store: InMemoryRecordStore
    let nodes: SimulatedNodes
    let observer = RecordingObserver()
    let stopSignal = StopSignal()
    let options: RunOptions
    let policy: PurgePolicy
    private let seed: UInt64
    private let gates = Mutex<[ServiceURL: NodeGate]>([:])
    private let oldestDecision = Mutex(Duration.zero)

    init(
        nodes rows: [InMemoryRecordStore.NodeRow],
        users: [InMemoryRecordStore.UserRow] = [],
        options: RunOptions = RunOptions(),
        policy: PurgePolicy = .byUID,
        tracksSlots: Bool = true,
        mostExamined: Int = 1000,
        seed: UInt64 = 1
    ) {
        time = ManualTime(wallTime: Self.wallTime)
        simulation = Simulation(time: time)
        store = InMemoryRecordStore(
            nodes: rows,
            users: users,
            tracksSlots: tracksSlots,
            time: time,
            mostExamined: mostExamined
        )
        nodes = SimulatedNodes(time: time)
        self.options = options
        self.policy = policy
        self.seed = seed
        let time = time
        store.beforeCall { call in
            if case .count = call { return }
            await time.sleep(until: time.now + .milliseconds(5))
        }
        nodes.onSend { [weak self] in self?.noteSent($0) }
    }

    convenience init(
        nodes count: Int,
        records: [UserRecord] = [],
        options: RunOptions = RunOptions(),
        policy: PurgePolicy = .byUID,
        mostExamined: Int = 1000,
        seed: UInt64 = 1
    ) {
        self.init(
            nodes: (1...Int64(count)).map { .init(.live($0)) },
            users: records.map { .init($0) },
            options: options,
            policy: policy,
            mostExamined: mostExamined,
            seed: seed
        )
    }

    /// The age of the oldest facts that a request was sent on.
    var oldestDecisionSent: Duration { oldestDecision.withLock { $0 } }

    private func noteSent(_ request: DeleteRequest) {
        let age = store.lastRead(request.uid).map { time.now - $0 } ?? .seconds(1_000_000)
        oldestDecision.withLock { $0 = max($0, age) }
    }

    /// One run, knowing what earlier ones learnt about the nodes.
    ///
    /// - Parameters:
    ///   - options: other ones than the fixture's.
    ///   - view: what the run sees of the store, if not all of it.
    @discardableResult
    func run(
        _ options: RunOptions? = nil,
        through view: (any RecordStore)? = nil,
        pauses: (any PauseSource)? = nil,
        board: StatusBoard? = nil,
        besides other: @escaping @Sendable () async -> Void = {}
    ) throws -> RunSummary {
        let (seed, options) = (seed, options ?? self.options)
        let run = PurgeRun(
            store: view ?? store,
            counter: store,
            client: nodes,
            options: options,
            policy: policy,
            observer: observer,
            time: time,
            stopSignal: stopSignal,
            pauses: pauses,
            board: board,
            seed: { seed }
        )
        return try simulation.run { [self] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await other() }
                var known = gates.withLock { $0 }
                let summary = await run.run(gates: &known)
                gates.withLock { [known] in $0 = known }
                group.cancelAll()
                return summary
            }
        }
    }

    func dryRun() throws -> RunSummary {
        let run = DryRun(
            source: store,
            counter: store,
            options: options,
            policy: policy,
            observer: observer,
            time: time,
            stopSignal: stopSignal
        )
        return try simulation.run { await run.run() }
    }

    /// The decision about each record of the backlog, as things are now.
    func actions() -> [UID: PurgeAction] {
        let rows = store.userRows
        let byEmail = Dictionary(grouping: rows, by: \.email)
        let directory = NodeDirectory(nodes: store.nodeRows.map(\.node), policy: policy)
        let planner = PurgePlanner(policy: policy)
        var actions: [UID: PurgeAction] = [:]
        for row in rows {
            let others = (byEmail[row.email] ?? []).map(\.record).filter { $0.uid != row.record.uid }
            actions[row.record.uid] = BacklogEntry(record: row.record, others: others)
                .map { planner.action(for: $0, in: directory) }
        }
        return actions
    }

    var uids: Set<Int64> { Set(store.records.map(\.uid.rawValue)) }
}

extension Node {
    static func live(_ id: Int64) -> Node { Node(id: NodeID(id), url: url(id)) }

    static func url(_ id: Int64) -> String { "https://node-\(id).example" }
}

extension PurgePolicy {
    /// For storage keyed by uid: every obsolete record is purged.
    static var byUID: PurgePolicy {
        var policy = PurgePolicy()
        policy.storageTypes = StorageTypes(ofAll: .uid)
        return policy
    }

    static var byAccount: PurgePolicy {
        var policy = PurgePolicy()
        policy.storageTypes = StorageTypes(ofAll: .account)
        return policy
    }
}

extension [UserRecord] {
    /// Replaced records of as many users, oldest first.
    static func obsolete(_ uids: ClosedRange<Int64>, node: (Int64) -> Int64 = { _ in 1 }) -> [UserRecord] {
        uids.map { .obsolete(uid: $0, replacedAt: 1000 + $0, node: node($0)) }
    }
}
