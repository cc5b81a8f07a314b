import Purging

/// The same database, with the one way to change it.
final class WritableTokenserverStore: RecordStore {
    /// So many records that are refused one after the other are no single records' trouble.
    private static let mostRefusals = 5

    private let source: TokenserverStore
    private let writing: SteadyConnection
    private let tracksSlots: Bool

    init(source: TokenserverStore, writing: SteadyConnection, tracksSlots: Bool) {
        self.source = source
        self.writing = writing
        self.tracksSlots = tracksSlots
    }

    func currentTime() async throws -> Timestamp { try await source.currentTime() }

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

    func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int {
        try await source.recordCount(of: mass, limit: limit)
    }

    func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] { try await source.standings(uids) }

    func settle(_ batch: [Settlement], cutoff: Timestamp) async throws -> [SettlementResult] {
        var progress = Progress()
        let results = await settle(batch[...], cutoff, &progress)
        if let loss = progress.loss, !results.contains(where: \.isKnown) { throw loss }
        return results
    }

    /// How the parts of a batch have gone so far.
    private struct Progress {
        /// How many records were refused, one after the other.
        var refusals = 0
        /// Why nothing more can be written.
        var loss: (any Error)?
    }

    /// What the database refuses is halved until only the records that it refuses are left.
    private func settle(
        _ batch: ArraySlice<Settlement>,
        _ cutoff: Timestamp,
        _ progress: inout Progress
    ) async -> [SettlementResult] {
        if batch.isEmpty { return [] }
        if progress.refusals >= Self.mostRefusals || progress.loss != nil { return batch.map { _ in .untried } }
        let written: Result<[SettlementResult], Refusal>
        do {
            written = try await write(Array(batch), cutoff)
        } catch {
            progress.loss = error
            return batch.map { _ in .unknown("\(error)") }
        }
        switch written {
        case .success(let results):
            if results.contains(.done) { progress.refusals = 0 }
            return results
        case .failure(let refusal) where batch.count == 1:
            progress.refusals += 1
            return [.refused(refusal.text)]
        case .failure:
            let middle = batch.startIndex + batch.count / 2
            let first = await settle(batch[..<middle], cutoff, &progress)
            return first + (await settle(batch[middle...], cutoff, &progress))
        }
    }

    /// In one transaction.
    private func write(
        _ batch: [Settlement],
        _ cutoff: Timestamp
    ) async throws -> Result<[SettlementResult], Refusal> {
        let (service, tracksSlots) = (source.service, tracksSlots)
        return try await writing.use { session, attempt in
            // Each try looks at the clock: it may have waited long for a database that was away.
            let now = ContinuousClock.now
            let fresh = batch.filter { !$0.isStale(at: now) }
            if fresh.isEmpty { return .success(batch.map { _ in .stale }) }
            do {
                let results = try session.inWritingTransaction {
                    try BatchSettler(
                        session: session,
                        service: service,
                        tracksSlots: tracksSlots,
                        cutoff: cutoff,
                        isRepetition: attempt.mayHaveCommitted
                    ).settle(fresh)
                }
                var next = results.makeIterator()
                return .success(batch.map { $0.isStale(at: now) ? .stale : next.next() ?? .stale })
            } catch SQLError.failed(let text) {
                return .failure(Refusal(text: text))
            } catch SQLError.denied(let text) {
                // The privileges were asked for at the start: this is a policy's, or a trigger's.
                return .failure(Refusal(text: text))
            }
        }
    }
}

/// The database refused a transaction that it could carry out otherwise: a constraint, a trigger, a policy.
private struct Refusal: Error {
    let text: String
}

extension SettlementResult {
    fileprivate var isKnown: Bool {
        switch self {
        case .unknown, .untried: false
        default: true
        }
    }
}
