/// The count of the backlog beside a run. It never disturbs the run: whatever goes wrong is only told.
struct BacklogCount: Sendable {
    /// How long a finished run waits for the count beside it.
    private static let patience = Duration.seconds(5)

    let counter: any BacklogCounter
    let options: RunOptions
    let policy: PurgePolicy
    let cutoff: Milliseconds
    let observer: any RunObserver
    let time: any TimeSource

    /// Does something while the backlog is counted, and ends the count soon after it.
    ///
    /// - Returns: what the body returned, and how many records wait for downed nodes; nil if that is not known.
    func beside<Result>(
        stopSignal: StopSignal,
        _ body: () async throws -> Result
    ) async rethrows -> (Result, waiting: Int?) {
        try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask { await count() }
            let result = try await body()
            group.addTask {
                await time.sleep(until: time.now + (stopSignal.isRequested ? .zero : Self.patience))
                return nil
            }
            let waiting = try await group.next() ?? nil
            group.cancelAll()
            return (result, waiting)
        }
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
