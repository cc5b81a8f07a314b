import Purging
import Synchronization
import TestSupport

/// One purging process, which can be killed at any moment: from then on nothing that it does has an effect.
final class HistoryPurger: RecordStore, StorageNodeClient, AuditJournal {
    let number: Int
    private let world: HistoryWorld
    private let seed: UInt64
    private let purgesUnassigned: Bool
    private let isCalm: Bool
    private let isDead = Mutex(false)
    private let requests = Mutex(0)
    private let lines = Mutex<[AuditEntry]>([])

    init(_ number: Int, world: HistoryWorld, seed: UInt64, purgesUnassigned: Bool, isCalm: Bool) {
        self.number = number
        self.world = world
        self.seed = seed
        self.purgesUnassigned = purgesUnassigned
        self.isCalm = isCalm
    }

    var journal: [AuditEntry] { lines.withLock { $0 } }

    func kill() { isDead.withLock { $0 = true } }

    private func live() throws {
        if isDead.withLock({ $0 }) { throw StoreError.unreachable("killed") }
    }

    // MARK: The database

    func currentTime() async throws -> Milliseconds {
        try live()
        return try await world.store.currentTime()
    }

    func nodes() async throws -> [Node] {
        try live()
        return try await world.store.nodes()
    }

    func page(_ query: BacklogQuery) async throws -> BacklogPage {
        try live()
        return try await world.store.page(query)
    }

    func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try live()
        return try await world.store.entries(uids, scope: scope)
    }

    func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? { nil }

    func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try live()
        return try await world.store.recordCount(naming: node, limit: limit)
    }

    func settle(_ batch: [Settlement], cutoff: Milliseconds) async throws -> [SettlementResult] {
        try live()
        await world.pass(.milliseconds(random(6) == 0 ? random(4000) : random(4)))
        // The axe falls before the transaction, or between its end and the answer.
        try live()
        let before = world.snapshot(batch.map(\.uid))
        let results = try await world.store.settle(batch, cutoff: cutoff)
        world.checkDisappeared(before, by: self)
        try live()
        return results
    }

    func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] {
        try live()
        return try await world.store.standings(uids)
    }

    // MARK: The nodes

    func delete(_ request: DeleteRequest) async -> NodeAnswer {
        if isDead.withLock({ $0 }) { return NodeAnswer(.abandoned) }
        world.checkSending(request, purgesUnassigned: purgesUnassigned, journal: journal)
        let fate = isCalm ? 39 : random(40)
        let latency = Duration.milliseconds(1 + random(30))
        func answer(_ verdict: NodeAnswer.Verdict, _ status: Int?) -> NodeAnswer {
            var answer = NodeAnswer(verdict, elapsed: latency)
            answer.status = status
            return answer
        }
        // Longer than a decision stays fresh, now and then.
        await world.pass(fate % 8 == 5 ? latency + .seconds(1 + random(8)) : latency)
        switch fate {
        case 0: return answer(.trouble(status: 500), 500)
        case 1: return answer(.busy(status: 503), 503)
        case 2: return answer(.refused(status: 403), 403)
        case 3: return answer(.misrouted(status: 200, what: "a proxy"), 200)
        case 4: return answer(.unreachable(what: "refused", sent: false), nil)
        case 5:
            _ = world.storage.delete(request, by: number)
            return answer(.timedOut, nil)
        default:
            let verdict = world.storage.delete(request, by: number)
            await world.pass(.milliseconds(random(5)))
            return answer(verdict, verdict == .writtenSince ? 412 : 200)
        }
    }

    private func random(_ range: Int) -> Int {
        let count = requests.withLock { count in
            count += 1
            return count
        }
        var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 7919 &+ UInt64(count))
        return Int.random(in: 0..<range, using: &generator)
    }

    // MARK: The audit log

    func append(_ entries: [AuditEntry], isDurable: Bool) async throws {
        try live()
        await world.pass(.milliseconds(random(3)))
        try live()
        lines.withLock { $0 += entries }
    }
}

/// Nothing is counted beside these runs.
struct NoCount: BacklogCounter {
    func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? { nil }
}
