import Purging

/// The same database, with the one way to change it.
final class WritableTokenserverStore: RecordStore {
    private let source: TokenserverStore
    private let writing: SteadyConnection
    private let tracksSlots: Bool

    init(source: TokenserverStore, writing: SteadyConnection, tracksSlots: Bool) {
        self.source = source
        self.writing = writing
        self.tracksSlots = tracksSlots
    }

    func currentTime() async throws -> Milliseconds { try await source.currentTime() }

    func nodes() async throws -> [Node] { try await source.nodes() }

    func page(_ query: BacklogQuery) async throws -> BacklogPage { try await source.page(query) }

    func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await source.entries(uids, scope: scope)
    }

    func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? {
        try await source.key(atOffset: offset, scope: scope)
    }

    func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await source.recordCount(naming: node, limit: limit)
    }

    func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] { try await source.standings(uids) }

    func settle(_ batch: [Settlement], cutoff: Milliseconds) async throws -> [SettlementResult] {
        if batch.isEmpty { return [] }
        let (service, tracksSlots) = (source.service, tracksSlots)
        return try await writing.use { session, attempt in
            // Each try looks at the clock: it may have waited long for a database that was away.
            let now = ContinuousClock.now
            let fresh = batch.filter { !$0.isStale(at: now) }
            let results =
                fresh.isEmpty
                ? []
                : try session.inWritingTransaction {
                    try BatchSettler(
                        session: session,
                        service: service,
                        tracksSlots: tracksSlots,
                        cutoff: cutoff,
                        isRepetition: attempt.mayHaveCommitted
                    ).settle(fresh)
                }
            var next = results.makeIterator()
            return batch.map { $0.isStale(at: now) ? .stale : next.next() ?? .stale }
        }
    }
}
