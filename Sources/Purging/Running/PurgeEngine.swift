import DequeModule
package import SyncTokens

/// The whole of one run as a pure state machine: what happened goes in, what is to be done comes out.
///
/// It connects the parts: pages of the ``Sweep`` are decided on by the ``PurgePlanner``, go through the
/// ``NodeDispatcher``, and end in the ``Settler``. It does no I/O and reads no clock, so a whole run can be played in
/// a test, event by event. ``PurgeRun`` drives it.
package struct PurgeEngine: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Something to be done; each but `wake` is answered by exactly one event.
    package enum Effect: Sendable {
        case send(NodeDispatcher.Dispatch)
        case read(BacklogQuery)
        case reread([UID], scope: BacklogScope)
        case settle([Settler.Item], cutoff: Milliseconds)
        case audit(AuditTrail.Batch)
        /// Ask for effects again at this moment.
        case wake(at: Instant)
    }

    /// Something that happened.
    package enum Event: Sendable {
        case answered(ticket: Int, NodeAnswer)
        case read(Result<BacklogReader.Reading<BacklogPage>, any Error>)
        case reread(Result<BacklogReader.Reading<[BacklogEntry]>, any Error>)
        case settled([Settler.Item], Result<[SettlementResult], any Error>)
        case audited(Result<Void, any Error>)
        case stopRequested
        /// `--max-runtime` is over.
        case timeIsUp
        /// By a node's answer to this request, this machine's clock is so far ahead, and the cutoff wrong.
        case clockContradicted(ticket: Int, ahead: Duration)
        /// Nothing new is to be sent for now; nil if it may be again.
        case paused(PauseReason?)
    }

    /// A record that is being read again, and why.
    enum Rereading: Sendable {
        /// What its decision rests on grew too old.
        case job(Job)
        /// It is to be decided on anew: the last record of a deleted account, whose other records are settled now, or a
        /// change without a request whose decision grew too old.
        case decision(planned: PlannedRecord? = nil)

        /// What a plan says about the record.
        var planned: PlannedRecord? {
            switch self {
            case .job(let job): job.entry.planned
            case .decision(let planned): planned
            }
        }
    }

    static let mostStaleRereads = 10
    /// So many records that the database refuses one after the other are no single records' trouble.
    static let mostDatabaseRefusals = 5

    let start: BacklogKey?
    let options: RunOptions
    let planner: PurgePlanner
    let scope: BacklogScope
    let observer: any RunObserver

    var sweep: Sweep
    /// Whose records are purged now; those of deleted accounts have their sweeps before the others, if asked for.
    var accounts: AccountFilter
    /// Whether deleted accounts were not enough to prove the secret with.
    var provesWithAll = false
    var dispatcher: NodeDispatcher
    var settler: Settler
    var trail: AuditTrail
    /// The newest reading of the nodes. Each record is decided on by the reading that it came with.
    var directory: NodeDirectory
    var directoryReadAt: Instant?
    var summary = RunSummary()
    var proof = SecretProof()
    /// Read, but not decided on yet, in the backlog's order.
    var pending: Deque<(entry: BacklogEntry, directory: NodeDirectory, readAt: Instant)> = []
    /// Records between being accepted and being settled.
    var underway: Set<UID> = []
    /// Tombstones, by the records of their accounts that are still under way.
    var parked: [UID: [UID]] = [:]
    var parkedCount: [UID: Int] = [:]
    var toReread: [UID: Rereading] = [:]
    var rereading: [UID: Rereading] = [:]
    /// How many records the database refused to delete, one after the other.
    var databaseRefusals = 0
    /// Whether the page that is being read belongs to the sweep before the secret was proved.
    var discardsPage = false
    /// Rereadings in a row that were too old on arrival.
    var staleRereads = 0
    var isReading = false
    var stopReason: StopReason?
    /// Why nothing new is sent at present.
    var pause: PauseReason?
    var troubled: [String: String] = [:]
    var nodesWithUntouched: Set<String> = []
    var reportedMalformed: Set<NodeID> = []
    private var hasReportedCrowding = false
    private var wakeScheduled: Instant?

    package internal(set) var isFinished = false

    package init(
        options: RunOptions,
        policy: PurgePolicy,
        cutoff: Milliseconds,
        directory: NodeDirectory,
        start: BacklogKey?,
        gates: [ServiceURL: NodeGate],
        isAudited: Bool = false,
        seed: UInt64,
        observer: any RunObserver,
        now: Instant
    ) {
        self.options = options
        planner = PurgePlanner(policy: policy)
        scope = options.scope(cutoff: cutoff)
        self.observer = observer
        self.directory = directory
        self.start = start
        sweep = Sweep(from: start)
        accounts = options.order == .deletedFirst ? .deleted : .all
        dispatcher = NodeDispatcher(
            settings: options.dispatcher,
            budget: SendBudget(total: options.maxRecords),
            limiter: RateLimiter(perSecond: options.maxRate),
            gates: gates,
            seed: seed,
            now: now
        )
        settler = Settler(settings: options.settler, isHeld: true)
        trail = AuditTrail(isOn: isAudited)
        summary.cutoff = cutoff
        meetNodes()
    }

    /// The run's summary, complete once it is finished.
    package var result: RunSummary {
        var result = summary
        result.stopReason = stopReason ?? .complete
        result.sweeps = sweep.number
        result.hasDownedNodes = !planner.policy.forcesDownedNodes && !directory.downed.isEmpty
        result.troubledNodes = troubled.sorted { $0.key < $1.key }.map { .init(url: $0.key, reason: $0.value) }
        return result
    }

    package var gates: [ServiceURL: NodeGate] { dispatcher.gates }

    package mutating func handle(_ event: Event, at now: Instant) {
        switch event {
        case .answered(let ticket, let answer): answered(ticket, answer, at: now)
        case .read(let result): pageRead(result, at: now)
        case .reread(let result): reread(result, at: now)
        case .settled(let batch, let result): settled(batch, result, at: now)
        case .audited(let result): audited(result, at: now)
        case .stopRequested: stop(.stopRequested)
        case .timeIsUp: stop(.maxRuntime)
        case .clockContradicted(let ticket, let ahead):
            let node = dispatcher.target(of: ticket)?.text ?? "a node"
            stop(
                .nodesImplausible(
                    "this machine's clock is \(ahead.components.seconds) s ahead of \(node)'s, so records would be purged too"
                        + " early; correct the one that is wrong"
                )
            )
        case .paused(let reason):
            if reason != pause { observer.observe(.paused(reason)) }
            pause = reason
        }
    }

    /// Whether nothing may begin. What was begun goes on, and what was confirmed is settled.
    var isPaused: Bool { pause != nil && stopReason == nil }

    /// What is to be done now.
    package mutating func nextEffects(at now: Instant) -> [Effect] {
        if stopReason != nil { settler.hurry(now: now) }
        var effects: [Effect] = []
        repeat {
            if !isPaused { effects += sendEffects(at: now) }
            effects += storeEffects(at: now)
        } while effects.isEmpty && !isPaused && isQuiescent(at: now) && resolveQuiescence(at: now)
        if isFinished { return effects }
        let wakeTimes = [isPaused || !settler.allowsSending ? nil : dispatcher.wakeTime(at: now), settler.wakeTime]
        if let wake = wakeTimes.compactMap({ $0 }).min(),
            wakeScheduled.map({ wake < $0 || $0 <= now }) ?? true
        {
            wakeScheduled = wake
            effects.append(.wake(at: wake))
        }
        return effects
    }

    /// Takes nothing more; what is in flight may end, and what was confirmed is settled. Of several reasons the first
    /// is told, but an error always.
    mutating func stop(_ reason: StopReason) {
        if stopReason.map({ reason.isError && !$0.isError }) ?? true {
            stopReason = reason
        }
        pending.removeAll()
        dropWaiting()
        for job in dispatcher.close() {
            trail.note(job)
            trail.conclude(job.uid, reason: AuditTrail.stopped)
            underway.remove(job.uid)
        }
        for (_, why) in toReread {
            if case .job(let job) = why {
                dispatcher.rereadDropped(job, from: job.deletion.target)
                trail.note(job)
                trail.conclude(job.uid, reason: AuditTrail.stopped)
            }
        }
        toReread.removeAll()
        parked.removeAll()
        parkedCount.removeAll()
        if stopReason == .secretRefused || stopReason == .secretUnproven {
            settler.discard()
        }
    }

    private mutating func sendEffects(at now: Instant) -> [Effect] {
        decidePending(at: now)
        guard settler.allowsSending else { return [] }
        let (send, stale) = dispatcher.next(at: now, most: settler.sendable)
        settler.noteSent(send.count)
        if dispatcher.hasTurnedAway, !hasReportedCrowding {
            hasReportedCrowding = true
            observer.observe(.requestsLimited(options.dispatcher.mostInFlight))
        }
        summary.requests += send.count
        for job in stale {
            toReread[job.uid] = .job(job)
        }
        if dispatcher.hasSpentBudget, stopReason == nil {
            observer.observe(.limitReached)
            stop(.maxRecords)
        }
        return send.map(Effect.send)
    }

    private mutating func storeEffects(at now: Instant) -> [Effect] {
        var effects: [Effect] = []
        if !isPaused, rereading.isEmpty, !toReread.isEmpty {
            rereading = toReread
            toReread = [:]
            effects.append(.reread(rereading.keys.sorted(), scope: scope))
        }
        if !isPaused { sweepOn() }
        if stopReason == nil, !isPaused, !isReading, !sweep.isAtEnd, pending.count < options.pageSize,
            !proof.isOpen || (someNodeIsIdle && sweep.canPassOver)
        {
            isReading = true
            effects.append(.read(nextQuery()))
        }
        let isIdle = dispatcher.inFlight == 0 && !isReading && (pending.isEmpty || isPaused) && rereading.isEmpty
        if let batch = settler.batch(at: now, isIdle: isIdle) {
            effects.append(.settle(batch, cutoff: scope.cutoff))
        }
        if let batch = trail.batch() {
            effects.append(.audit(batch))
        }
        return effects
    }

    private mutating func nextQuery() -> BacklogQuery {
        for node in sweep.passing where canTakeAgain(node) {
            sweep.takeAgain(node)
        }
        for node in Array(sweep.waiting) where canTakeAgain(node) {
            sweep.join(node)
        }
        if proof.isOpen {
            // Until the secret is proved, a little of each node is enough.
            for node in directory.places.keys where sweep.covers(node) && !canTakeAgain(node) { sweep.passOver(node) }
        }
        var excluded = planner.policy.forcesDownedNodes ? [] : directory.downed
        for (node, place) in directory.places where place.target.map(dispatcher.isLeftForRun) ?? false {
            excluded.insert(node)
        }
        return BacklogQuery(
            scope: scope,
            nodes: sweep.filter(excluding: excluded),
            accounts: provesWithAll ? .all : accounts,
            cursor: sweep.cursor,
            bound: sweep.bound,
            limit: options.pageSize
        )
    }

    func canTakeAgain(_ node: NodeID) -> Bool {
        guard let target = directory[node]?.target else { return true }
        if dispatcher.isLeftForRun(target) { return false }
        return proof.isOpen ? dispatcher.isIdle(target) : dispatcher.hasRoomAgain(target)
    }
}
