import Purging
import Synchronization

/// A database's locks, as several programs see them.
final class ShardLockTable: Sendable {
    private let holders = Mutex<[Shard: Int]>([:])

    func take(_ shard: Shard, by holder: Int) -> Bool {
        holders.withLock { holders in
            if let current = holders[shard] { return current == holder }
            holders[shard] = holder
            return true
        }
    }

    func holder(of shard: Shard) -> Int? { holders.withLock { $0[shard] } }

    func free(_ shard: Shard, by holder: Int) {
        holders.withLock { holders in
            if holders[shard] == holder { holders[shard] = nil }
        }
    }

    /// The holder's session ends.
    func freeAll(of holder: Int) { holders.withLock { holders in holders = holders.filter { $0.value != holder } } }

    var taken: [Shard: Int] { holders.withLock { $0 } }
}

/// One program's view of them.
final class TestShardLocks: ShardLocks {
    let table: ShardLockTable
    let holder: Int
    let failure = Mutex<StoreError?>(nil)

    init(_ table: ShardLockTable, holder: Int) {
        self.table = table
        self.holder = holder
    }

    func tryLock(_ shard: Shard) async throws -> Bool {
        if let failure = failure.withLock({ $0 }) {
            table.freeAll(of: holder)
            throw failure
        }
        return table.take(shard, by: holder)
    }

    func verify(_ shard: Shard) async throws {
        if table.holder(of: shard) != holder { throw ShardLost(shard, why: "the session is gone") }
    }

    func holder(of shard: Shard) async -> String? { table.holder(of: shard).map { "holder \($0)" } }

    func unlock(_ shard: Shard) async { table.free(shard, by: holder) }
}
