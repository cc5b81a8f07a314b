/// What a run finds out before it begins: the clocks, the nodes, and where it starts.
struct RunPreparation: Sendable {
    let reader: BacklogReader
    let cutoff: Timestamp
    /// The database's clock minus this machine's.
    let clockSkew: Duration
    /// By how much this machine's clock is ahead, by the word of others; 0 if it isn't.
    let clockAhead: Duration
    /// By how much the time that counts is before this machine's clock, whoever told it.
    let lag: Duration
    /// Whether a node told the time.
    let knowsTime: Bool
    let directory: NodeDirectory

    /// - Parameter witness: who knows whether this machine's clock is ahead; nil for nobody.
    /// - Throws: ``StoreError``, ``ImplausibleNodes``.
    init(
        source: any BacklogSource,
        policy: PurgePolicy,
        options: RunOptions,
        time: any TimeSource,
        witness: ClockWitness? = nil
    ) async throws {
        let theirs = try await source.currentTime()
        let ours = time.wallTime
        clockSkew = theirs.since(ours)
        reader = BacklogReader(source: source, policy: policy, spannerNode: options.spannerNode, time: time)
        directory = try await reader.currentDirectory().0
        let word = await witness?.ask(directory.targets(forcesDowned: policy.forcesDownedNodes))
        clockAhead = word?.ahead ?? .zero
        knowsTime = word?.isOfNodes ?? false
        let latest = min(ours, theirs, word?.time ?? ours)
        lag = ours.since(latest)
        let cutoff = latest.advanced(by: .zero - options.gracePeriod)
        self.cutoff = options.latestCutoff.map { min($0, cutoff) } ?? cutoff
    }
}
