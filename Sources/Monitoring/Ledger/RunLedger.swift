package import Purging
import Synchronization

/// What the runs did since the program started, and how the last ones ended: what metrics and the status page rest on.
///
/// The counts of single records take no lock, those of answers a short one. Memory is bounded, however long the program runs.
package final class RunLedger: RunObserver {
    /// How many ended runs are remembered.
    static let rememberedRuns = 20

    /// A run that has ended.
    struct FinishedRun: Sendable {
        package let endedAt: Timestamp
        package let summary: RunSummary
    }

    /// A count of the whole backlog.
    struct CountedBacklog: Sendable {
        let size: BacklogSize
        let at: Timestamp
        /// Records that had been deleted here when the count began.
        let deletedBefore: Int
    }

    /// Counts since the start.
    struct Totals: Sendable {
        var pages = 0
        var read = 0
        var deleted: [DeletionKind: Int] = [:]
        var dataDeleted: [DeletionKind: Int] = [:]
        var failed: [FailureReason: Int] = [:]
        var held: [HoldReason: Int] = [:]
        var changed = 0
        var deferralsFailed = 0
        var errorAnswers = 0
        /// Confirmations that came from the override node.
        var redirected = 0
        /// How often `--max-records` was reached.
        var limitsReached = 0
        var runsSucceeded = 0
        /// Those that could not begin are among them.
        var runsFailed = 0
        /// By node and by kind: an HTTP status, or why there was none.
        var answers: [String: [String: Int]] = [:]
        var durations = DurationHistogram.Values(counts: [], sum: 0)

        var deletedTotal: Int { deleted.values.reduce(0, +) }

        var runs: Int { runsSucceeded + runsFailed }
    }

    /// All of it, for who compares two moments.
    struct Snapshot: Sendable {
        var totals = Totals()
        var book = Book()
    }

    /// What changes seldom.
    struct Book: Sendable {
        /// When the run that is in progress began; nil between runs.
        var runStartedAt: Timestamp?
        /// The newest first.
        var runs: [FinishedRun] = []
        var runsByReason: [String: Int] = [:]
        /// When the last run ended that was neither stopped nor failed.
        var lastFinishedAt: Timestamp?
        /// Nil if the last count failed: what was counted before says less with every record that becomes due.
        var backlog: CountedBacklog?
        var notCounted: String?
        /// What the last complete run held; nil if it left a node out, or there was none.
        var heldByLastRun: [HoldReason: Int]?
        /// Whether a run sends nothing for now.
        var isPaused = false
        fileprivate var deletedBeforeCount = 0
    }

    private let isRehearsal: Bool
    private let time: any TimeSource
    private let pages = Counter()
    private let read = Counter()
    private let deleted = Counters(DeletionKind.self)
    private let dataDeleted = Counters(DeletionKind.self)
    private let failed = Counters(FailureReason.self)
    private let held = Counters(HoldReason.self)
    private let changed = Counter()
    private let deferralsFailed = Counter()
    private let errorAnswers = Counter()
    private let redirected = Counter()
    private let limitsReached = Counter()
    private let runsSucceeded = Counter()
    private let runsFailed = Counter()
    private let answers = AnswerCounters()
    private let durations = DurationHistogram()
    /// Nil if nobody wants them.
    private let timings: Timings?
    private let written = Mutex(Book())

    /// - Parameters:
    ///   - isRehearsal: whether the runs are dry: then nothing counts as done.
    ///   - keepsTimings: whether single times are kept for ``takeTimings()``, up to a limit.
    package init(isRehearsal: Bool, keepsTimings: Bool = false, time: any TimeSource) {
        self.isRehearsal = isRehearsal
        timings = keepsTimings ? Timings() : nil
        self.time = time
    }

    var book: Book { written.withLock { $0 } }

    var totals: Totals {
        Totals(
            pages: pages.value,
            read: read.value,
            deleted: deleted.values,
            dataDeleted: dataDeleted.values,
            failed: failed.values,
            held: held.values,
            changed: changed.value,
            deferralsFailed: deferralsFailed.value,
            errorAnswers: errorAnswers.value,
            redirected: redirected.value,
            limitsReached: limitsReached.value,
            runsSucceeded: runsSucceeded.value,
            runsFailed: runsFailed.value,
            answers: answers.values,
            durations: durations.values
        )
    }

    var snapshot: Snapshot { Snapshot(totals: totals, book: book) }

    /// Single times since it was asked last.
    func takeTimings() -> Timings.Values { timings?.take() ?? Timings.Values() }

    package func observe(_ event: RunEvent) {
        switch event {
        case .pageRead(let records):
            pages.add()
            read.add(records)
        case .recordHeld(_, _, let reason, _): held.add(reason)
        case .notBegun: runsFailed.add()
        case .started: written.withLock { $0.runStartedAt = time.wallTime }
        case .finished(let summary): finished(summary)
        case .backlogCountBegan:
            let before = deleted.values.values.reduce(0, +)
            written.withLock { $0.deletedBeforeCount = before }
        case .backlogCounted(let size, let now):
            written.withLock { book in
                book.backlog = CountedBacklog(size: size, at: now, deletedBefore: book.deletedBeforeCount)
                book.notCounted = nil
            }
        case .backlogNotCounted(let why):
            written.withLock { book in
                book.backlog = nil
                book.notCounted = why
            }
        case _ where isRehearsal: break
        case .dataDeleted(_, _, let kind, let elapsed):
            dataDeleted.add(kind)
            durations.add(elapsed)
            timings?.addData(elapsed)
        case .recordDeleted(_, _, let kind): deleted.add(kind)
        case .recordFailed(_, _, let reason): failed.add(reason)
        case .recordChanged: changed.add()
        case .deferralFailed: deferralsFailed.add()
        case .errorAnswered: errorAnswers.add()
        case .answered(let node, let answer): answers.add(node, answer)
        case .deletionRedirected: redirected.add()
        case .limitReached: limitsReached.add()
        case .paused(let reason): written.withLock { $0.isPaused = reason != nil }
        case .nodeChanged, .recordMalformed, .nodeMalformed, .databaseRefused, .progressed, .waiting, .requestsLimited,
            .machineShort:
            break
        }
    }

    private func finished(_ summary: RunSummary) {
        let run = FinishedRun(endedAt: time.wallTime, summary: summary)
        written.withLock { book in
            book.isPaused = false
            book.runStartedAt = nil
            book.runs.insert(run, at: 0)
            if book.runs.count > Self.rememberedRuns { book.runs.removeLast() }
            book.runsByReason[summary.stopReason.name, default: 0] += 1
            if !summary.stopReason.isError, summary.stopReason != .stopRequested { book.lastFinishedAt = run.endedAt }
            if summary.stopReason.coversAll, summary.shard == nil {
                book.heldByLastRun = summary.leftNothingOut ? summary.held : nil
            }
        }
        timings?.addRun(summary.duration)
        // The last, so that who sees it finds the rest.
        (summary.stopReason.isError ? runsFailed : runsSucceeded).add()
    }
}

extension RunSummary {
    /// Whether a complete run saw the records of all nodes.
    fileprivate var leftNothingOut: Bool {
        (!hasDownedNodes || onDownedNodes == 0) && troubledNodes.isEmpty && skipped == 0
    }
}
