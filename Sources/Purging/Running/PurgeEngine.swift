import DequeModule
import SyncTokens

/// The whole of one run as a pure state machine: what happened goes in, what is to be done comes out.
///
/// It connects the parts: pages of the ``BacklogPass`` are decided on by the ``PurgePlanner``, go through the
/// ``NodeDispatcher``, and end in the ``Settler``. It does no I/O and reads no clock, so a whole run can be played in
/// a test, event by event. ``PurgeRun`` drives it.
struct PurgeEngine: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// So many records that the database refuses one after the other are no single records' trouble.
    static let mostDatabaseRefusals = 5

    let start: BacklogKey?
    let options: RunOptions
    let planner: PurgePlanner
    let scope: BacklogScope
    let observer: any RunObserver

    var pass: BacklogPass
    /// When the record furthest into the backlog that was read was replaced; nil before the first page.
    var reached: Timestamp?
    /// Whose records are purged now; those of deleted accounts have their passes before the others, if asked for.
    var accounts: AccountFilter
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
    var inProgress: Set<UID> = []
    var tombstones = WaitingTombstones()
    var rereads = Rereads()
    /// How many records the database refused to delete, one after the other.
    var databaseRefusals = 0
    /// Whether the page that is being read belongs to the pass before the secret was proved.
    var discardsPage = false
    var isReading = false
    var stopReason: StopReason?
    /// Why nothing new is sent at present.
    var pause: PauseReason?
    var troubles = NodeTroubles()
    var skipped = SkippedRecords()
    /// What abandoned nodes had left when the passes over deleted accounts ended.
    var leftOfDeleted: [NodeID: LeftOut] = [:]
    /// Since when nothing but time brings the run on; nil if something else does.
    var waitingSince: Instant?
    var reportedMalformed: Set<NodeID> = []
    var hasReportedCrowding = false
    var wakeScheduled: Instant?

    var isFinished = false

    init(
        options: RunOptions,
        policy: PurgePolicy,
        cutoff: Timestamp,
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
        pass = BacklogPass(from: start)
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
        for (target, reason) in dispatcher.abandoned { troubles.noteAbandoned(target.text, reason) }
    }

    /// The run's summary, complete once it is finished.
    var result: RunSummary {
        var result = summary
        result.troubledNodes = troubles.list(in: directory)
        result.stopReason = stopReason ?? (result.leavesSomething ? .incomplete : .complete)
        result.passes = pass.number
        result.hasDownedNodes = !planner.policy.forcesDownedNodes && !directory.downed.isEmpty
        return result
    }

    var gates: [ServiceURL: NodeGate] { dispatcher.gates }

    mutating func handle(_ event: Event, at now: Instant) {
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
            if !(reason.map { $0.isLike(pause) } ?? (pause == nil)) { observer.observe(.paused(reason)) }
            pause = reason
            settler.isThrottled = reason?.isThrottle ?? false
        case .limited(let maxRate, let share):
            dispatcher.limit(perSecond: [options.maxRate, maxRate].compactMap { $0 }.min(), share: share)
        case .loadCritical(let what): stop(.loadCritical(what))
        }
    }

    /// Whether nothing may begin. What was begun goes on, and what was confirmed is settled.
    var isPaused: Bool { pause != nil && stopReason == nil }

    /// Takes nothing more; what is in flight may end, and what was confirmed is settled. Of several reasons the first
    /// is told, but an error always.
    mutating func stop(_ reason: StopReason) {
        if stopReason.map({ reason.isError && !$0.isError }) ?? true {
            stopReason = reason
        }
        pending.removeAll()
        skipped.removeAll()
        dropWaiting()
        for job in dispatcher.close() {
            trail.note(job)
            trail.conclude(job.uid, reason: AuditTrail.stopped)
            inProgress.remove(job.uid)
        }
        for job in rereads.dropWaiting() {
            dispatcher.rereadDropped(job, from: job.deletion.target)
            trail.note(job)
            trail.conclude(job.uid, reason: AuditTrail.stopped)
        }
        let waiting = tombstones.removeAll()
        if waiting > 0 { summary.waiting[.tombstoneLast, default: 0] += waiting }
        if stopReason == .secretRefused || stopReason == .secretUnproven {
            settler.discard()
        }
    }
}
