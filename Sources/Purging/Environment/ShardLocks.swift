/// Who purges which shard of the backlog: locks that end with whoever holds them, however that ends.
package protocol ShardLocks: Sendable {
    /// Takes the shard, unless somebody else has it.
    ///
    /// - Throws: ``StoreError`` if that can't be told; others may be lost then, too.
    func tryLock(_ shard: Shard) async throws -> Bool

    /// Who has the shard, for an operator; nil if nobody has it, or that can't be told.
    func holder(of shard: Shard) async -> String?

    /// Makes sure that the shard is still ours.
    ///
    /// - Throws: ``ShardLost`` if it isn't, or if that can't be told.
    func verify(_ shard: Shard) async throws

    /// Lets somebody else have it. Does nothing if it isn't ours.
    func unlock(_ shard: Shard) async
}

/// The shard of the backlog that was purged is no longer ours alone, or may not be.
package struct ShardLost: Error, Sendable, CustomStringConvertible {
    package let shard: Shard
    package let why: String

    package init(_ shard: Shard, why: String) {
        self.shard = shard
        self.why = why
    }

    package var description: String { "shard \(shard) is no longer ours: \(why)" }
}
