package import Purging
import Synchronization

/// What the runs did since the program started, and how the last ones ended: what metrics and the status page rest on.
///
/// The counts of single records take no lock, those of answers a short one. Memory is bounded, however long the program runs.
package final class RunLedger: RunObserver {
    /// How many ended runs are remembered.
    static let rememberedRuns = 20

    /// A run that has ended.
    package struct FinishedRun: Sendable {
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
        var read = 0
        var deleted: [DeletionKind: Int] = [:]
        var dataDeleted: [DeletionKind: Int] = [:]
        var failed: [FailureReason: Int] = [:]
        var held: [HoldReason: Int] = [:]
        var changed = 0
        var deferralsFailed = 0
        var errorAnswers = 0
        /// By node and by kind: an HTTP status, or why there was none.
        var answers: [String: [String: Int]] = [:]
        var durations = DurationHistogram.Values(counts: [], sum: 0)

        var deletedTotal: Int { deleted.values.reduce(0, +) }
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
        fileprivate var deletedBeforeCount = 0
    }

    private let isRehearsal: Bool
    private let time: any TimeSource
    private let read = Counter()
    private let deleted = Counters(DeletionKind.self)
    private let dataDeleted = Counters(DeletionKind.self)
    private let failed = Counters(FailureReason.self)
    private let held = Counters(HoldReason.self)
    private let changed = Counter()
    private let deferralsFailed = Counter()
    private let errorAnswers = Counter()
    private let answers = AnswerCounters()
    private let durations = DurationHistogram()
    private let written = Mutex(Book())

    /// - Parameter isRehearsal: whether the runs are dry: then nothing counts as done.
    package init(isRehearsal: Bool, time: any TimeSource) {
        self.isRehearsal = isRehearsal
        self.time = time
    }

    var book: Book { written.withLock { $0 } }

    var totals: Totals {
        Totals(
            read: read.value,
            deleted: deleted.values,
            dataDeleted: dataDeleted.values,
            failed: failed.values,
            held: held.values,
            changed: changed.value,
            deferralsFailed: deferralsFailed.value,
            errorAnswers: errorAnswers.value,
            answers: answers.values,
            durations: durations.values
        )
    }

    package func observe(_ event: RunEvent) {
        switch event {
        case .pageRead(let records): read.add(records)
        case .recordHeld(_, _, let reason, _): held.add(reason)
        case .notBegun: break
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
        case .recordDeleted(_, _, let kind): deleted.add(kind)
        case .recordFailed(_, _, let reason): failed.add(reason)
        case .recordChanged: changed.add()
        case .deferralFailed: deferralsFailed.add()
        case .errorAnswered: errorAnswers.add()
        case .answered(let node, let answer): answers.add(node, answer)
        case .paused, .nodeChanged, .recordMalformed, .nodeMalformed, .databaseRefused, .deletionRedirected,
            .limitReached, .progressed,
            .requestsLimited, .machineShort:
            break
        }
    }

    private func finished(_ summary: RunSummary) {
        let run = FinishedRun(endedAt: time.wallTime, summary: summary)
        written.withLock { book in
            book.runStartedAt = nil
            book.runs.insert(run, at: 0)
            if book.runs.count > Self.rememberedRuns { book.runs.removeLast() }
            book.runsByReason[summary.stopReason.name, default: 0] += 1
            if !summary.stopReason.isError, summary.stopReason != .stopRequested { book.lastFinishedAt = run.endedAt }
            if summary.stopReason.coversAll, summary.shard == nil {
                book.heldByLastRun = summary.leftNothingOut ? summary.held : nil
            }
        }
    }
}

extension RunSummary {
    /// Whether a complete run saw the records of all nodes.
    fileprivate var leftNothingOut: Bool {
        (!hasDownedNodes || onDownedNodes == 0) && troubledNodes.isEmpty && skipped == 0
    }
}
