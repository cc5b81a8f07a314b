/// The count of the backlog beside a run. It never disturbs the run: whatever goes wrong is only told.
struct BacklogCount: Sendable {
    /// How long a finished run waits for the count beside it.
    private static let patience = Duration.seconds(5)
    /// How long a run waits for the count before it begins. A small backlog is counted by then; of a large one, the database
    /// counts what was there when it was asked.
    private static let headStart = Duration.seconds(1)

    let counter: any BacklogCounter
    let options: RunOptions
    let policy: PurgePolicy
    let cutoff: Timestamp
    let observer: any RunObserver
    let time: any TimeSource

    /// Does something while the backlog is counted, and ends the count soon after it. The count is of the backlog as it is
    /// when this begins.
    ///
    /// - Returns: what the body returned, and how many records wait for downed nodes; nil if that is not known.
    func beside<Result>(
        stopSignal: StopSignal,
        _ body: () async throws -> Result
    ) async rethrows -> (Result, waiting: Int?) {
        try await withThrowingTaskGroup(of: Waited.self) { group in
            group.addTask { .counted(waiting: await count()) }
            group.addTask { await slept(Self.headStart) }
            group.addTask {
                await stopSignal.wait()
                return .elapsed
            }
            var first = try await group.next()
            let result = try await body()
            let patience = stopSignal.isRequested ? .zero : Self.patience
            group.addTask {
                _ = await slept(patience)
                return .impatient
            }
            while case .elapsed = first { first = try await group.next() }
            group.cancelAll()
            if case .counted(let waiting) = first { return (result, waiting) }
            return (result, nil)
        }
    }

    private enum Waited: Sendable {
        case counted(waiting: Int?)
        case elapsed, impatient
    }

    private func slept(_ duration: Duration) async -> Waited {
        await time.sleep(until: time.now + duration)
        return .elapsed
    }

    private func count() async -> Int? {
        do {
            if !options.countsBacklog { return nil }
            var scope = options.scope(cutoff: cutoff)
            scope.shard = nil
            observer.observe(.backlogCountBegan)
            if var size = try await counter.count(scope: scope, limit: options.countLimit) {
                size.shares = options.shard?.count ?? 1
                if policy.forcesDownedNodes { size.waitingForDownedNodes = 0 }
                observer.observe(.backlogCounted(size, now: time.wallTime))
                return size.waitingForDownedNodes
            }
            if Task.isCancelled {
                observer.observe(.backlogNotCounted("the run ended before the count did"))
            } else {
                let limit = Int(options.countLimit.inSeconds)
                observer.observe(.backlogNotCounted("the count took longer than \(limit) s and was ended"))
            }
        } catch {
            observer.observe(.backlogNotCounted(String(describing: error)))
        }
        return nil
    }
}
