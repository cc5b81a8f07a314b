/// What a run finds out before it begins: the clocks, the nodes, and where it starts.
struct RunPreparation: Sendable {
    let reader: BacklogReader
    let cutoff: Milliseconds
    /// The database's clock minus this machine's.
    let clockSkew: Duration
    let directory: NodeDirectory

    /// - Throws: ``StoreError``, ``ImplausibleNodes``.
    init(
        source: any BacklogSource,
        policy: PurgePolicy,
        options: RunOptions,
        time: any TimeSource
    ) async throws {
        let theirs = try await source.currentTime()
        let ours = time.wallTime
        clockSkew = theirs.since(ours)
        let cutoff = min(ours, theirs).advanced(by: .zero - options.gracePeriod)
        self.cutoff = options.latestCutoff.map { min($0, cutoff) } ?? cutoff
        reader = BacklogReader(source: source, policy: policy, spannerNode: options.spannerNode, time: time)
        directory = try await reader.currentDirectory().0
    }
}
