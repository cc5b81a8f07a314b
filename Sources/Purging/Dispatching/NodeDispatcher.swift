package import SyncTokens

/// Keeps a bounded window of records on their way to the storage nodes, each node paced by a gate of its own, so that
/// a slow or dead node never delays another node's records.
///
/// A pure state machine: it says what to send and what came of it, and sends nothing itself. At most one request for
/// a record is in flight; its keys go one after the other.
package struct NodeDispatcher: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package struct Settings: Sendable {
        package var gate = NodeGate.Settings()
        package var retry = RetryPolicy()
        /// What a decision rests on may be this old when its request is handed to the client. The client may take three
        /// more seconds, two for a connection and one for a second signature, which makes the five seconds of the law.
        package var freshness = Duration.seconds(2)
        /// About how many records may wait in all, shared by the nodes.
        package var window = 4096

        package init() {}
    }

    /// A request to be sent now, to be answered under its ticket.
    package struct Dispatch: Sendable {
        package let ticket: Int
        package let request: DeleteRequest
    }

    /// What an answer means for the record.
    package enum Resolution: Sendable {
        /// It goes on: another key, or another attempt.
        case continuing
        /// Its data is gone, by its node's word.
        case confirmed(Job)
        case held(Job, HoldReason)
        case failed(Job, FailureReason)
        /// The node is in trouble or the program stops: left untouched.
        case left(Job, FailureReason?)
    }

    package struct Answered: Sendable {
        package let uid: UID
        package let target: ServiceURL
        package let resolution: Resolution
        package let change: NodeGate.Change?
        /// Records that waited for a node which was now left for the run: untouched.
        package let released: [Job]
    }

    struct Flight {
        let job: Job
        let lane: Int
        let request: NodeGate.Request
    }

    package internal(set) var budget: SendBudget
    let settings: Settings
    private var limiter: RateLimiter
    var random: SeededGenerator
    var lanes: [Lane] = []
    private var laneByTarget: [String: Int] = [:]
    var flights: [Int: Flight] = [:]
    private var lastTicket = 0
    /// Where the search for work starts, so that every lane has its turn when something is scarce.
    private var turn = 0
    private(set) var isClosed = false

    package init(
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

    package var inFlight: Int { flights.count }

    package var gates: [ServiceURL: NodeGate] {
        Dictionary(lanes.map { ($0.target, $0.gate) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether some node accepted a signature of ours in this run.
    package var acceptedSignature: Bool { lanes.contains { $0.gate.acceptedSignature } }

    package func isFull(_ target: ServiceURL) -> Bool {
        lane(of: target).map { $0.isFull(share: settings.window / lanes.count) } ?? false
    }

    /// Whether few enough records wait for this node that reading more of them makes sense.
    package func hasRoomAgain(_ target: ServiceURL) -> Bool {
        guard let lane = lane(of: target) else { return true }
        return !lane.gate.isCutOff
            && lane.ahead <= max(lane.gate.limit, min(lane.gate.usefulQueue, settings.window) / 2)
    }

    /// Whether this node could take more than it is given. A node that no record was seen of yet could.
    package func isHungry(_ target: ServiceURL, at now: Instant) -> Bool {
        lane(of: target)?.isHungry(at: now) ?? true
    }

    /// Whether nothing is on its way to this node.
    package func isIdle(_ target: ServiceURL) -> Bool { lane(of: target).map { $0.load == 0 } ?? true }

    package func isLeftForRun(_ target: ServiceURL) -> Bool { lane(of: target)?.gate.reasonLeft != nil }

    /// When something is to be done here, if nothing else happens before; nil if nothing waits for time to pass.
    package func wakeTime(at now: Instant) -> Instant? {
        var times = lanes.compactMap { $0.wakeTime(at: now) }
        if let limited = limiter.wait(at: now),
            lanes.contains(where: { $0.hasSendable(reservedOnly: budget.isExhausted) })
        {
            times.append(limited)
        }
        return times.min()
    }

    // MARK: Events

    /// A record for this node is decided on, and will be enqueued or withdrawn.
    package mutating func expect(_ target: ServiceURL) { lanes[laneIndex(of: target)].expected += 1 }

    package mutating func withdraw(_ target: ServiceURL) { lanes[laneIndex(of: target)].expected -= 1 }

    package mutating func enqueue(_ job: Job) {
        let index = laneIndex(of: job.deletion.target)
        lanes[index].append(job)
    }

    /// Sets whether the node's row asks for less.
    package mutating func setThrottled(_ target: ServiceURL, _ isThrottled: Bool) {
        if let index = laneByTarget[target.storage] {
            lanes[index].gate.isThrottled = isThrottled
        }
    }

    /// What is to be sent now, and the records that must be read again before that.
    package mutating func next(at now: Instant) -> (send: [Dispatch], reread: [Job]) {
        var send: [Dispatch] = []
        var reread: [Job] = []
        if lanes.isEmpty || isClosed { return (send, reread) }
        turn = (turn + 1) % lanes.count
        for step in 0..<lanes.count {
            let index = (turn + step) % lanes.count
            lanes[index].wakeDelayed(at: now)
            sending: while limiter.wait(at: now) == nil, lanes[index].rereading < mostRereading(lanes[index].gate) {
                let permission = lanes[index].gate.permission(at: now)
                guard permission.mayGo, var job = lanes[index].take(for: permission, reservedOnly: budget.isExhausted)
                else { break sending }
                if job.readAt + settings.freshness < now {
                    lanes[index].rereading += 1
                    reread.append(job)
                    continue sending
                }
                if !job.isReserved {
                    budget.reserve()
                    job.isReserved = true
                }
                limiter.spend(at: now)
                send.append(start(job, lane: index, now: now))
            }
        }
        return (send, reread)
    }

    /// A record that was read again is to be sent after all; it goes in front.
    package mutating func rereadKept(_ job: Job, from target: ServiceURL) {
        rereadEnded(from: target)
        lanes[laneIndex(of: job.deletion.target)].prepend(job)
    }

    /// A record that was read again is not to be sent.
    package mutating func rereadDropped(_ job: Job, from target: ServiceURL) {
        rereadEnded(from: target)
        giveBack(job)
    }

    /// Whether the budget is used up, nothing here still has a place in it, and some record wants one.
    package var hasSpentBudget: Bool {
        budget.isExhausted && flights.isEmpty
            && !lanes.contains { $0.hasReserved || $0.rereading > 0 || $0.expected > 0 }
            && lanes.contains { $0.load > 0 }
    }

    /// Takes back what was not tried yet; it may come again.
    package mutating func takeBackUntried() -> [Job] {
        lanes.indices.flatMap { lanes[$0].removeUntried() }
    }

    /// Takes back everything that was not sent, and sends nothing more.
    package mutating func close() -> [Job] {
        isClosed = true
        return lanes.indices.flatMap { lanes[$0].removeAll() }
    }

    // MARK: Lanes

    private func lane(of target: ServiceURL) -> Lane? { laneByTarget[target.storage].map { lanes[$0] } }

    private mutating func laneIndex(of target: ServiceURL) -> Int {
        laneByTarget[target.storage] ?? addLane(target, gate: NodeGate(settings: settings.gate))
    }

    @discardableResult
    private mutating func addLane(_ target: ServiceURL, gate: NodeGate) -> Int {
        lanes.append(Lane(target: target, gate: gate))
        laneByTarget[target.storage] = lanes.count - 1
        return lanes.count - 1
    }

    private mutating func start(_ job: Job, lane index: Int, now: Instant) -> Dispatch {
        var job = job
        job.noteSent(at: now)
        let request = lanes[index].gate.requestStarted(at: now)
        lastTicket += 1
        flights[lastTicket] = Flight(job: job, lane: index, request: request)
        return Dispatch(ticket: lastTicket, request: job.request)
    }

    /// How many of a lane's records may be read again at once: no more than could be sent then.
    private func mostRereading(_ gate: NodeGate) -> Int {
        limiter.isLimiting ? 1 : max(1, gate.limit - gate.inFlight)
    }

    mutating func rereadEnded(from target: ServiceURL) {
        if let index = laneByTarget[target.storage] {
            lanes[index].rereading -= 1
        }
    }
}
