@testable import Purging
import Synchronization
import SyncTokens
import TestSupport

/// One purging process, which can be killed at any moment: from then on nothing that it does has an effect.
final class HistoryPurger: Sendable {
    private struct State {
        var isDead = false
        var random: SeededGenerator
        var lines: [AuditEntry] = []
        var trace = PurgeTrace()
    }

    let number: Int
    let world: HistoryWorld
    let step: PurgeStep
    let policy: PurgePolicy
    let options: RunOptions
    private let state: Mutex<State>

    init(_ number: Int, world: HistoryWorld, step: PurgeStep, seed: UInt64) {
        self.number = number
        self.world = world
        self.step = step
        state = Mutex(State(random: SeededGenerator(seed: seed)))
        let nodes = world.rows.nodes
        var policy = PurgePolicy()
        policy.storageTypes = world.setting.types(nodes: nodes, storage: world.storage)
        policy.purgesUnassigned = step.purgesUnassigned
        policy.acceptsUnaddressable = step.acceptsUnaddressable
        policy.forcesDownedNodes = step.forcesDowned
        policy.keepsTombstonesLast = step.order == .deletedFirst
        if let node = step.overrideNode.flatMap({ world.rows.node($0) }) {
            policy.overrideNode = try? ServiceURL(node.url)
        }
        self.policy = policy
        var options = RunOptions()
        options.gracePeriod = HistorySetting.gracePeriod
        options.pageSize = step.pageSize
        options.order = step.order
        options.onFailure = step.onFailure
        options.settler.batchSize = 3
        options.dispatcher.gate.ceiling = 3
        if world.setting.naming == .spannerNode { options.spannerNode = NodeID(HistorySetting.spannerNode) }
        self.options = options
    }

    var trace: PurgeTrace { state.withLock(\.trace) }

    func note(_ change: (inout PurgeTrace) -> Void) { state.withLock { change(&$0.trace) } }

    var journal: [AuditEntry] { state.withLock(\.lines) }

    func write(_ entries: [AuditEntry]) { state.withLock { $0.lines += entries } }

    var isDead: Bool { state.withLock(\.isDead) }

    func kill() {
        world.tell("purger \(number) is killed")
        state.withLock { $0.isDead = true }
    }

    func random(_ range: ClosedRange<Int>) -> Int { state.withLock { $0.random.integer(range) } }

    /// Some milliseconds, or seconds where there is such trouble.
    func stall(_ trouble: PurgeStep.Trouble) async {
        let isSlow = step.troubles.contains(trouble) && random(0...3) == 0
        await world.pass(.milliseconds(isSlow ? random(500...7000) : random(0...4)))
    }

    /// Whether this node's records are purged elsewhere.
    func isOverridden(_ node: ModelNode) -> Bool {
        step.forcesDowned && node.downed != 0 && policy.overrideNode != nil
    }

    /// What this purger is told of the storage on which it purges this node's records.
    func said(of node: ModelNode) -> StorageKeying? {
        guard isOverridden(node) else { return world.setting.said(of: node, storage: world.storage) }
        let target = world.rows.nodes.first { $0.url == policy.overrideNode?.text }
        return target.map { world.setting.said(of: $0, storage: world.storage) } ?? .unknown
    }

    // MARK: Runs

    func run() async {
        var options = options
        var store: any RecordStore = self
        if let age = step.planAge {
            let sink = HistoryPlan()
            note { $0.isDryRun = true }
            let dryRun = DryRun(
                source: self,
                counter: NoCount(),
                options: options,
                policy: policy,
                observer: RecordingObserver(),
                time: world.time,
                stopSignal: StopSignal(),
                plan: sink
            )
            _ = await dryRun.run()
            guard let plan = sink.completed else { return }
            await world.pass(.milliseconds(age))
            note {
                $0.isDryRun = false
                $0.plan = plan
            }
            options.latestCutoff = plan.cutoff
            store = PlannedStore(self, plan: plan)
        }
        let seed = state.withLock { $0.random.next() }
        let run = PurgeRun(
            store: store,
            counter: NoCount(),
            client: self,
            options: options,
            policy: policy,
            observer: RecordingObserver(),
            time: world.time,
            stopSignal: StopSignal(),
            journal: self,
            seed: { seed }
        )
        var gates: [ServiceURL: NodeGate] = [:]
        let summary = await run.run(gates: &gates)
        world.tell(
            "purger \(number) ends: \(summary.stopReason.name), deleted \(summary.deletedTotal), held \(summary.held),"
                + " waiting \(summary.waiting), failed \(summary.failed), changed \(summary.changed)"
        )
        AuditJudge(purger: self).judge()
    }
}

/// What a purger did so far, as the world saw it.
struct PurgeTrace: Sendable {
    /// A DELETE that a node carried out.
    struct Deletion: Sendable {
        let token: ModelToken
        let place: ModelStorage.Place?
        let at: Int64
        /// Whether the purger heard of it.
        var isConfirmed: Bool
    }

    var deletions: [Deletion] = []
    /// Requests that reached the wire.
    var requests = 0
    /// Good answers of nodes.
    var accepted = 0
    var isDryRun = false
    /// The plan that is being carried out.
    var plan: HistoryPlan?
}

/// Nothing is counted beside these runs.
struct NoCount: BacklogCounter {
    func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? { nil }
    func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]? { nil }
}
