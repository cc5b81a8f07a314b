import Purging
import TestSupport

/// The database and the audit log, as this process sees them.
extension HistoryPurger: RecordStore, AuditJournal {
    private func live() throws {
        if isDead { throw StoreError.unreachable("killed") }
    }

    private var store: InMemoryRecordStore { world.tokenserver.store }

    /// The rows are as they were before the answer travelled.
    private func read<Result>(_ body: () async throws -> Result) async throws -> Result {
        try live()
        await world.pass(.milliseconds(random(0...3)))
        let result = try await body()
        await stall(.slowReads)
        try live()
        return result
    }

    func currentTime() async throws -> Timestamp { try await read { try await store.currentTime() } }

    func nodes() async throws -> [Node] { try await read { try await store.nodes() } }

    func page(_ query: BacklogQuery) async throws -> BacklogPage { try await read { try await store.page(query) } }

    func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await read { try await store.entries(uids, scope: scope) }
    }

    func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? { nil }

    func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await read { try await store.recordCount(naming: node, limit: limit) }
    }

    func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int {
        try await read { try await store.recordCount(of: mass, limit: limit) }
    }

    func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] {
        try await read { try await store.standings(uids) }
    }

    func settle(_ batch: [Settlement], cutoff: Timestamp) async throws -> [SettlementResult] {
        try live()
        await stall(.slowReads)
        // The axe falls before the transaction, or between its end and the answer.
        try live()
        let before = world.rows
        let results = try await store.settle(batch, cutoff: cutoff)
        world.tokenserver.takeOver()
        SettlingJudge(purger: self).judge(before: before)
        await world.pass(.milliseconds(random(0...4)))
        try live()
        return results
    }

    func append(_ entries: [AuditEntry], isDurable: Bool) async throws {
        try live()
        await stall(.slowJournal)
        try live()
        write(entries)
    }

    func seal() async throws -> AuditHead? { nil }
}
