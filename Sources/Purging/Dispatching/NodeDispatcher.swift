import DequeModule
import SyncTokens

/// Keeps a bounded window of records on their way to the storage nodes, each node paced by a gate of its own, so that
/// a slow or dead node never delays another node's records.
///
/// A pure state machine: it says what to send and what came of it, and sends nothing itself. At most one request for
/// a record is in flight; its keys go one after the other.
package struct NodeDispatcher: Sendable {
    typealias Instant = ContinuousClock.Instant

    var budget: SendBudget
    let settings: Settings
    var limiter: RateLimiter
    var random: SeededGenerator
    var lanes: [Lane] = []
    private var laneByTarget: [String: Int] = [:]
    var flights: [Int: Flight] = [:]
    var lastTicket = 0
    var turns = LaneTurns()
    /// How many nodes there are records of.
    private(set) var seenLanes = 0
    private(set) var isClosed = false
    /// The share of each node's limit that may be used.
    private var share = 1.0
    /// Whether a record had to wait because of ``Settings/mostInFlight``.
    var hasTurnedAway = false

    init(
        settings: Settings,
        budget: SendBudget = SendBudget(total: nil),
        limiter: RateLimiter = RateLimiter(perSecond: nil),
        gates: [ServiceURL: NodeGate] = [:],
        seed: UInt64,
        now: Instant
    ) {
        self.settings = settings
        self.budget = budget
        self.limiter = limiter
        random = SeededGenerator(seed: seed)
        for (target, gate) in gates {
            var gate = gate
            gate.runStarted(now: now)
            addLane(target, gate: gate)
        }
    }

    // MARK: What is there

    var inFlight: Int { flights.count }

    /// Where a request that is in flight went.
    func target(of ticket: Int) -> ServiceURL? { flights[ticket].map { lanes[$0.lane].target } }

    var gates: [ServiceURL: NodeGate] {
        Dictionary(lanes.map { ($0.target, $0.gate) }, uniquingKeysWith: { first, _ in first })
    }

    func isFull(_ target: ServiceURL) -> Bool {
        guard let index = index(of: target) else { return false }
        return lanes[index].isFull(share: settings.window / max(1, seenLanes))
    }

    /// Whether few enough records wait for this node that reading more of them makes sense.
    func hasRoomAgain(_ target: ServiceURL) -> Bool {
        guard let index = index(of: target) else { return true }
        // One whose circuit is open needs a record to be probed with.
        return (!lanes[index].gate.isCircuitOpen || lanes[index].load == 0)
            && lanes[index].ahead
                <= max(lanes[index].gate.limit, min(lanes[index].gate.usefulQueue, settings.window) / 2)
    }

    /// Whether another node than this one could take more than it is given, of those that are of interest. A node that
    /// no record was seen of yet could.
    func someoneIsHungry(
        besides target: ServiceURL,
        at now: Instant,
        where isOfInterest: (ServiceURL) -> Bool
    ) -> Bool {
        lanes.contains { lane in
            lane.isHungry(at: now) && lane.target.storage != target.storage && isOfInterest(lane.target)
        }
    }

    /// Whether nothing is on its way to this node.
    func isIdle(_ target: ServiceURL) -> Bool { index(of: target).map { lanes[$0].load == 0 } ?? true }

    /// Whether the node may still be asked in this run, and not only to find out whether it goes on refusing.
    func mayStillAccept(_ target: ServiceURL) -> Bool {
        index(of: target).map { lanes[$0].gate.abandonReason == nil && !lanes[$0].gate.refusesEverything } ?? true
    }

    func isLeftForRun(_ target: ServiceURL) -> Bool {
        guard let index = index(of: target) else { return false }
        return lanes[index].gate.abandonReason != nil
    }

    /// Whether the node is abandoned, and will not be taken up again in this run.
    func isGoneForRun(_ target: ServiceURL) -> Bool {
        index(of: target).map { lanes[$0].gate.isGoneForRun } ?? false
    }

    /// From now on at most so many requests per second, and this share of each node's limit.
    mutating func limit(perSecond rate: Double?, share: Double) {
        if rate != limiter.perSecond {
            limiter = RateLimiter(perSecond: rate)
            turns.enterAll()
        }
        if share == self.share { return }
        self.share = share
        for index in lanes.indices { lanes[index].gate.share = share }
        turns.enterAll()
    }

    func target(of storage: String) -> ServiceURL? { laneByTarget[storage].map { lanes[$0].target } }

    var abandoned: [(target: ServiceURL, reason: NodeGate.TroubleReason)] {
        lanes.compactMap { lane in lane.gate.abandonReason.map { (lane.target, $0) } }
    }

    func isCircuitOpen(_ target: ServiceURL) -> Bool {
        index(of: target).map { lanes[$0].gate.isCircuitOpen } ?? false
    }

    // MARK: Events

    /// Whether there is something to do besides probing nodes.
    var isBusy: Bool { lanes.contains { $0.gate.isHealthy && $0.load > 0 } }

    /// Nodes that were abandoned long enough ago may be probed again.
    mutating func takeUpDue(at now: Instant) {
        for index in lanes.indices where lanes[index].gate.isDueAgain(at: now) {
            lanes[index].gate.takeUp(at: now)
            turns.enter(index)
        }
    }

    /// A record for this node is decided on, and will be enqueued or withdrawn.
    mutating func expect(_ target: ServiceURL) {
        let index = laneIndex(of: target)
        lanes[index].expected += 1
        see(index)
    }

    mutating func withdraw(_ target: ServiceURL) { lanes[laneIndex(of: target)].expected -= 1 }

    mutating func enqueue(_ job: Job) {
        let index = laneIndex(of: job.deletion.target)
        lanes[index].append(job)
        see(index)
        turns.enter(index)
    }

    /// There is such a node, and its row asks for less, or doesn't.
    mutating func meet(_ target: ServiceURL, isThrottled: Bool) {
        let index = laneIndex(of: target)
        if lanes[index].gate.isThrottled != isThrottled {
            lanes[index].gate.isThrottled = isThrottled
            turns.enter(index)
        }
    }

    /// A record that was read again is to be sent after all; it goes in front.
    mutating func rereadKept(_ job: Job, from target: ServiceURL) {
        rereadEnded(from: target)
        let index = laneIndex(of: job.deletion.target)
        lanes[index].prepend(job)
        turns.enter(index)
    }

    /// A record that was read again is not to be sent.
    mutating func rereadDropped(_ job: Job, from target: ServiceURL) {
        rereadEnded(from: target)
        giveBack(job)
    }

    /// Whether the budget is used up, nothing here still has a place in it, and some record wants one.
    var hasSpentBudget: Bool {
        budget.isExhausted && flights.isEmpty
            && !lanes.contains { $0.hasReserved || $0.rereading > 0 || $0.expected > 0 }
            && lanes.contains { $0.load > 0 }
    }

    /// Takes back what was not tried yet; it may come again.
    mutating func takeBackUntried() -> [Job] {
        turns.enterAll()
        return lanes.indices.flatMap { lanes[$0].removeUntried() }
    }

    /// Takes back everything that was not sent, and sends nothing more.
    mutating func close() -> [Job] {
        isClosed = true
        return lanes.indices.flatMap { lanes[$0].removeAll() + lanes[$0].takeRefused() }
    }

    // MARK: Lanes

    private func index(of target: ServiceURL) -> Int? { laneByTarget[target.storage] }

    private mutating func laneIndex(of target: ServiceURL) -> Int {
        index(of: target) ?? addLane(target, gate: NodeGate(settings: settings.gate))
    }

    private mutating func see(_ index: Int) {
        if lanes[index].isSeen { return }
        lanes[index].isSeen = true
        seenLanes += 1
    }

    @discardableResult
    private mutating func addLane(_ target: ServiceURL, gate: NodeGate) -> Int {
        var gate = gate
        gate.share = share
        lanes.append(Lane(target: target, gate: gate))
        turns.addLane()
        laneByTarget[target.storage] = lanes.count - 1
        return lanes.count - 1
    }

    mutating func rereadEnded(from target: ServiceURL) {
        if let index = index(of: target) {
            lanes[index].rereading -= 1
            turns.enter(index)
        }
    }
}
