/// A store that gives out records only while the shard that they belong to is ours.
///
/// What a node confirmed is settled in any case: settling checks each record on its own.
package struct ShardedStore: RecordStore {
    private let store: any RecordStore
    private let shard: Shard
    private let locks: any ShardLocks

    package init(_ store: any RecordStore, shard: Shard, locks: any ShardLocks) {
        self.store = store
        self.shard = shard
        self.locks = locks
    }

    package func currentTime() async throws -> Timestamp { try await store.currentTime() }

    package func nodes() async throws -> [Node] { try await store.nodes() }

    package func page(_ query: BacklogQuery) async throws -> BacklogPage {
        try await locks.verify(shard)
        return try await store.page(query)
    }

    package func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await locks.verify(shard)
        return try await store.entries(uids, scope: scope)
    }

    package func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? {
        try await store.key(atOffset: offset, scope: scope)
    }

    package func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await store.recordCount(naming: node, limit: limit)
    }

    package func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int {
        try await store.recordCount(of: mass, limit: limit)
    }

    package func settle(_ batch: [Settlement], cutoff: Timestamp) async throws -> [SettlementResult] {
        try await store.settle(batch, cutoff: cutoff)
    }

    package func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] {
        try await store.standings(uids)
    }
}
