package import SyncTokens

/// Repeats runs until it is told to stop, or does a single one.
package struct PurgeService: Sendable {
    /// How the pause between runs varies at random, so that copies of the program drift apart.
    private static let jitter = 0.7...1.3

    /// An interval of 0 must not make the log and the database spin.
    private static let shortestPause = Duration.seconds(1)

    let interval: Duration
    let isOneshot: Bool
    let isStrict: Bool
    let time: any TimeSource
    let stopSignal: StopSignal
    /// Where it writes when the next run begins.
    let board: StatusBoard?
    /// One run, given what earlier runs learnt about the nodes.
    let run: @Sendable (inout [ServiceURL: NodeGate]) async -> RunSummary

    package init(
        interval: Duration,
        isOneshot: Bool,
        isStrict: Bool,
        time: any TimeSource,
        stopSignal: StopSignal,
        board: StatusBoard? = nil,
        run: @escaping @Sendable (inout [ServiceURL: NodeGate]) async -> RunSummary
    ) {
        self.interval = interval
        self.isOneshot = isOneshot
        self.isStrict = isStrict
        self.time = time
        self.stopSignal = stopSignal
        self.board = board
        self.run = run
    }

    /// - Returns: the exit code. A service goes on after a run that failed, unless it was the first and could not even
    ///   start.
    package func run() async -> Int32 {
        var gates: [ServiceURL: NodeGate] = [:]
        var isFirst = true
        while true {
            let summary = await run(&gates)
            if isOneshot || (isFirst && summary.couldNotStart) {
                return summary.exitCode(isStrict: isStrict)
            }
            isFirst = false
            if stopSignal.isRequested { return summary.stopReason.isError ? 1 : 0 }
            let pause = max(interval * Double.random(in: Self.jitter), Self.shortestPause)
            board?.wait(forRunAt: time.wallTime.advanced(by: pause))
            await stopSignal.pause(until: time.now + pause, time)
            if stopSignal.isRequested { return 0 }
        }
    }
}

extension RunSummary {
    /// Whether something is wrong that was so from the beginning.
    var couldNotStart: Bool {
        // The database is well, and will have less to do at another time.
        if case .loadCritical = stopReason { return false }
        return stopReason == .secretRefused || (stopReason.isError && read == 0)
    }
}
