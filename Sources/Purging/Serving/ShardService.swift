package import SyncTokens

/// Purges shards that it has to itself, one after the other, beside others that do the same.
///
/// A shard that was purged is kept until its next run is due, so that nobody purges it again before; then it is free
/// for whoever comes first. A shard of somebody who died is free at once. So shards go around among those who are
/// there, and each is purged about once in an interval, by whomever.
package struct ShardService: Sendable {
    package typealias Instant = ContinuousClock.Instant

    private static let jitter = 0.7...1.3
    private static let shortestPause = Duration.seconds(1)
    /// How often the session of the locks is used during a run, so that nobody takes it for idle.
    static let heartbeat = Duration.seconds(30)

    let settings: Settings
    let locks: any ShardLocks
    let time: any TimeSource
    let stopSignal: StopSignal
    /// Trouble with the locks, for the log.
    let report: @Sendable (String) -> Void
    /// Where it writes when the next run begins, as far as that is known: another one may free its shard before.
    let board: StatusBoard?
    let run: @Sendable (Turn, inout [ServiceURL: NodeGate]) async -> RunSummary

    package init(
        settings: Settings,
        locks: any ShardLocks,
        time: any TimeSource,
        stopSignal: StopSignal,
        report: @escaping @Sendable (String) -> Void,
        board: StatusBoard? = nil,
        run: @escaping @Sendable (Turn, inout [ServiceURL: NodeGate]) async -> RunSummary
    ) {
        self.settings = settings
        self.locks = locks
        self.time = time
        self.stopSignal = stopSignal
        self.report = report
        self.board = board
        self.run = run
    }

    /// What the service knows from one run to the next.
    struct Memory {
        var gates: [ServiceURL: NodeGate] = [:]
        /// Shards that are kept, and until when.
        var kept: [Shard: Instant] = [:]
        /// In a oneshot: what is done here, and what others had, which is left to them.
        var settled: Set<Shard> = []
        /// In a oneshot: what was lost in mid-run, and has to be finished.
        var lost: Set<Shard> = []
        /// Since when the locks can't be had, or a lost one can't be had again.
        var troubledSince: Instant?
        var hasReachedLocks = false
        /// Where the search for a free shard goes on.
        var next: Int
        var countDueAt: Instant?
        /// What the last run that counted found to wait for downed nodes, in the whole backlog; nil if that isn't known.
        var onDownedNodes: Int?
        var hasRun = false
        /// The worst exit code of the runs.
        var code: Int32 = 0
    }

    /// - Returns: the exit code: of a oneshot the worst of its runs; of a service 0, unless it could not start.
    package func run() async -> Int32 {
        let started = time.now
        var memory = Memory(next: Int.random(in: settings.shards.indices))
        while !stopSignal.isRequested {
            if let limit = settings.maxRuntime, settings.isOneshot, time.now - started >= limit {
                endInTime(&memory)
                break
            }
            await giveUpDue(&memory)
            let shard: Shard?
            do {
                shard = try await firstFree(&memory)
                memory.hasReachedLocks = true
                if memory.lost.isEmpty { memory.troubledSince = nil }
            } catch {
                await forgetLost(&memory)
                // Said when it begins, and when it is given up.
                let isNew = memory.troubledSince == nil
                let isOver = !memory.hasReachedLocks || isOutOfPatience(&memory)
                if isNew || isOver { report("the locks of the shards: \(error)") }
                if isOver { return 1 }
                await pause(until: time.now + settings.lookout)
                continue
            }
            if let shard {
                if let code = await purge(shard, startedAt: started, &memory) { return code }
            } else if settings.isOneshot, memory.lost.isEmpty {
                break
            } else if isOutOfPatience(&memory) {
                let shards = memory.lost.map(\.description).sorted().joined(separator: ", ")
                report("the locks of the shards: \(shards) was lost in mid-run, and can't be had again")
                memory.code = 1
                break
            } else {
                await forgetLost(&memory)
                let due = memory.kept.values.min()
                board?.wait(forRunAt: due.map { time.wallTime.advanced(by: $0 - time.now) })
                await pause(until: min(time.now + settings.lookout, due ?? time.now + settings.lookout))
            }
        }
        for shard in memory.kept.keys { await locks.unlock(shard) }
        return memory.code
    }

    /// - Returns: the exit code, if the program ends with this run.
    private func purge(_ shard: Shard, startedAt started: Instant, _ memory: inout Memory) async -> Int32? {
        let counts = memory.countDueAt.map { $0 <= time.now } ?? true
        if counts { memory.countDueAt = time.now + settings.interval }
        let turn = Turn(
            shard: shard,
            countsBacklog: counts,
            timeLeft: settings.isOneshot ? settings.maxRuntime.map { $0 - (time.now - started) } : nil
        )
        let summary = await runWhileHolding(turn, &memory)
        if case .shardLost = summary.stopReason {
            await forgetLost(&memory)
            if settings.isOneshot {
                memory.lost.insert(shard)
                if summary.read > 0 {
                    memory.troubledSince = nil
                } else if isOutOfPatience(&memory) {
                    return 1
                }
            }
            await locks.unlock(shard)
            await pause(until: time.now + Self.shortestPause)
            return nil
        }
        if counts { memory.onDownedNodes = summary.onDownedNodes }
        var judged = summary
        judged.onDownedNodes = memory.onDownedNodes
        let code = judged.exitCode(isStrict: settings.isStrict)
        if !memory.hasRun, !settings.isOneshot, summary.couldNotStart { return code }
        memory.hasRun = true
        if settings.isOneshot {
            memory.settled.insert(shard)
            memory.lost.remove(shard)
            memory.code = Self.worse(memory.code, code)
            // Whatever stopped this one would stop the next.
            if summary.stopReason.isError { return memory.code }
        } else {
            memory.code = summary.stopReason.isError && stopSignal.isRequested ? 1 : 0
        }
        let pause = max(settings.interval * Double.random(in: Self.jitter), Self.shortestPause)
        memory.kept[shard] = time.now + pause
        return nil
    }

    /// The time for all runs of a oneshot is over.
    private func endInTime(_ memory: inout Memory) {
        if !memory.lost.isEmpty || memory.troubledSince != nil {
            report("the locks of the shards: not all that was lost could be finished within --max-runtime")
            memory.code = 1
        } else if settings.isStrict {
            memory.code = Self.worse(memory.code, 3)
        }
    }

    private static func worse(_ one: Int32, _ other: Int32) -> Int32 {
        one == 1 || other == 1 ? 1 : max(one, other)
    }

    private func pause(until deadline: Instant) async {
        await stopSignal.pause(until: deadline, time)
    }
}
