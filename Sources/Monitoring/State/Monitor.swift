package import Purging
import Synchronization

/// Watches the program from beside its runs: whether its tasks get their turn, whether the database answers, how old the
/// backlog is, and how it all went over the last hours.
package final class Monitor: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// How often the database is asked.
    private static let probeInterval = Duration.seconds(15)
    /// While it doesn't answer.
    private static let shortProbeInterval = Duration.seconds(3)
    /// After this time without an answer the database counts as unreachable.
    private static let probePatience = Duration.seconds(60)
    /// A loop that gave no sign of life for so long is stuck.
    private static let pulsePatience = Duration.seconds(60)
    private static let rateSpan = 10
    private static let minute = 60

    /// What a probe of Kubernetes is told.
    struct Health: Sendable, Equatable {
        let isGood: Bool
        /// In one line.
        let text: String
    }

    private struct Watch: Sendable {
        var pulse: Instant
        var database = MonitorState.Database(problem: MonitorState.Database.notAsked)
        var answeredAt: Instant?
        var labelledNodes = NodeLabels()
        var lastSample: Instant?
        var deletedAtSample = 0
        /// When the first second was sampled, what had been deleted by the last one, and whether that is over.
        var firstSecond: Instant?
        var deletedAtSecond = 0
        var isBeginningOver = false
        /// What had been deleted by each of the last seconds, for a minute.
        var deleted: [Int] = []
    }

    private let program: MonitorState.Program
    private let board: StatusBoard
    private let ledger: RunLedger
    private let probe: any BacklogProbe
    /// What counts as the backlog at a moment.
    private let scope: @Sendable (Timestamp) -> BacklogScope
    private let pauses: (any PauseSource)?
    private let stopSignal: StopSignal
    private let time: any TimeSource
    private let history = SampleHistory()
    private let watch: Mutex<Watch>

    package init(
        program: MonitorState.Program,
        board: StatusBoard,
        ledger: RunLedger,
        probe: any BacklogProbe,
        scope: @escaping @Sendable (Timestamp) -> BacklogScope,
        pauses: (any PauseSource)? = nil,
        stopSignal: StopSignal,
        time: any TimeSource
    ) {
        self.program = program
        self.board = board
        self.ledger = ledger
        self.probe = probe
        self.scope = scope
        self.pauses = pauses
        self.stopSignal = stopSignal
        self.time = time
        watch = Mutex(Watch(pulse: time.now))
    }

    /// Returns when its task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    self.beat()
                    await self.time.sleep(until: self.time.now + .seconds(1))
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    let answers = await self.askDatabase()
                    let pause = answers ? Self.probeInterval : Self.shortProbeInterval
                    await self.time.sleep(until: self.time.now + pause)
                }
            }
        }
    }

    /// Whether the program's loops are alive.
    var liveness: Health {
        let now = time.now
        if now - watch.withLock({ $0.pulse }) > Self.pulsePatience {
            return Health(isGood: false, text: "no task of this program got its turn for a minute")
        }
        if let written = board.content.writtenAt, now - written > Self.pulsePatience {
            return Health(isGood: false, text: "the run has been stuck for a minute")
        }
        return Health(isGood: true, text: "alive")
    }

    /// Whether it can do its work: the database answers, and it isn't stopping.
    var readiness: Health {
        if stopSignal.isRequested { return Health(isGood: false, text: "stopping") }
        let (database, answeredAt) = watch.withLock { ($0.database, $0.answeredAt) }
        if let problem = database.problem { return Health(isGood: false, text: "the database: \(problem)") }
        if let answeredAt, time.now - answeredAt <= Self.probePatience { return Health(isGood: true, text: "ready") }
        return Health(isGood: false, text: "the database has not answered for a minute")
    }

    func state() -> MonitorState {
        let (watch, board, book) = (watch.withLock { $0 }, board.content, ledger.book)
        let labelled = self.watch.withLock { watch in
            watch.labelledNodes.add(board.nodes)
            return watch.labelledNodes
        }
        let now = time.wallTime
        let totals = ledger.totals
        var database = watch.database
        if database.problem == nil, let at = watch.answeredAt, time.now - at > Self.probePatience {
            database.problem = "no answer for a minute"
        }
        return MonitorState(
            program: program,
            now: now,
            phase: phase(board, book),
            isStopRequested: stopSignal.isRequested,
            run: board.status,
            nextRun: book.runStartedAt == nil ? board.nextRun : nil,
            pause: board.status.map(\.pause) ?? pauses?.reason(at: now),
            rate: rate(watch.deleted.suffix(Self.rateSpan + 1)),
            deletedInMinute: (watch.deleted.last ?? 0) - (watch.deleted.first ?? 0),
            minuteRate: rate(watch.deleted[...]),
            nodes: board.nodes,
            labelledNodes: labelled,
            totals: totals,
            book: book,
            backlog: Self.backlog(book, totals),
            database: database,
            history: history.samples,
            seconds: history.seconds,
            process: ProcessUsage.current()
        )
    }

    private func phase(_ board: StatusBoard.Content, _ book: RunLedger.Book) -> MonitorState.Phase {
        if stopSignal.isRequested { return .stopping }
        if let other = board.otherInstance { return .waiting(instance: other) }
        if let status = board.status {
            if status.isStopping { return .ending }
            if let pause = status.pause { return .paused(pause) }
            return status.waits.isEmpty ? .purging : .waitingForNodes(status.waits)
        }
        if book.runStartedAt != nil {
            if program.isDryRun { return .rehearsing }
            return board.isOver ? .ending : .beginning
        }
        return board.isWaiting || !book.runs.isEmpty ? .idle : .beginning
    }

    private func rate(_ deleted: ArraySlice<Int>) -> Double {
        guard let first = deleted.first, let last = deleted.last, deleted.count > 1 else { return 0 }
        return Double(last - first) / Double(deleted.count - 1)
    }

    private static func backlog(_ book: RunLedger.Book, _ totals: RunLedger.Totals) -> MonitorState.Backlog? {
        book.backlog.map { counted in
            MonitorState.Backlog(
                countedAt: counted.at,
                records: max(0, counted.size.purgeable - (totals.deletedTotal - counted.deletedBefore)),
                waiting: counted.size.waitingForDownedNodes
            )
        }
    }

    /// Once a second.
    private func beat() {
        let now = time.now
        let deleted = ledger.totals.deletedTotal
        let deletedSince: Int? = watch.withLock { watch in
            watch.pulse = now
            watch.deleted.append(deleted)
            if watch.deleted.count > Self.minute + 1 { watch.deleted.removeFirst() }
            // The first one as soon as there is something to tell.
            let isDue =
                watch.lastSample.map { now - $0 >= SampleHistory.interval } ?? (watch.database.answeredAt != nil)
            guard isDue else { return nil }
            // Of less than a minute, what was deleted says nothing yet; it is in the next sample.
            let isFirst = watch.lastSample == nil
            watch.lastSample = now
            if isFirst { return 0 }
            defer { watch.deletedAtSample = deleted }
            return deleted - watch.deletedAtSample
        }
        if let deletedSince { history.append(state().sample(deleted: deletedSince)) }
        sampleSecond(now, deleted)
    }

    /// While the program is young, what a minute's sample would tell late is told by the second.
    private func sampleSecond(_ now: Instant, _ deleted: Int) {
        let deletedSince: Int? = watch.withLock { watch in
            guard !watch.isBeginningOver, watch.database.answeredAt != nil else { return nil }
            let began = watch.firstSecond ?? now
            watch.firstSecond = began
            watch.isBeginningOver = now - began > SampleHistory.beginning
            defer { watch.deletedAtSecond = deleted }
            return watch.isBeginningOver ? nil : deleted - watch.deletedAtSecond
        }
        if let deletedSince {
            history.appendSecond(state().sample(deleted: deletedSince))
        } else if watch.withLock({ $0.isBeginningOver }) {
            history.endBeginning()
        }
    }

    /// - Returns: whether it answered.
    func askDatabase() async -> Bool {
        do {
            let age = try await probe.age(scope: scope(time.wallTime))
            let (now, at) = (time.now, time.wallTime)
            watch.withLock { watch in
                watch.database.problem = nil
                watch.database.answeredAt = at
                if age != .unknown {
                    watch.database.age = age
                    watch.database.ageKnownAt = at
                }
                watch.answeredAt = now
            }
            return true
        } catch {
            if !Task.isCancelled { watch.withLock { $0.database.problem = String(describing: error) } }
            return false
        }
    }
}
