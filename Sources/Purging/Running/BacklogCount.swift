/// The count of the backlog beside a run. It never disturbs the run: whatever goes wrong is only told.
struct BacklogCount: Sendable {
    struct Outcome: Sendable {
        let waiting: Int
    }

    let counter: any BacklogCounter
    let options: RunOptions
    let cutoff: Milliseconds
    let time: any TimeSource

    /// - Returns: nil if the backlog could not be counted in time.
    func run(observer: any RunObserver) async -> Outcome? {
        do {
            let scope = options.scope(cutoff: cutoff)
            if let size = try await counter.count(scope: scope, limit: options.countLimit) {
                observer.observe(.backlogCounted(size, now: time.wallTime))
                return Outcome(waiting: size.waitingForDownedNodes)
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
