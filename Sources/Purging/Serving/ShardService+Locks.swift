/// Which shards are ours, and for how long.
extension ShardService {
    /// Makes sure of the shards that are kept.
    func forgetLost(_ memory: inout Memory) async {
        for shard in Array(memory.kept.keys) {
            do { try await locks.verify(shard) } catch { memory.kept[shard] = nil }
        }
    }

    /// While it runs, what is due again is free for others.
    func runWhileHolding(_ turn: Turn, _ memory: inout Memory) async -> RunSummary {
        let kept = settings.isOneshot ? [:] : memory.kept
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await time.sleep(until: time.now + Self.heartbeat)
                    if Task.isCancelled { return }
                    for (shard, due) in kept where due <= time.now { await locks.unlock(shard) }
                    // If it is lost, the next page tells.
                    try? await locks.verify(turn.shard)
                }
            }
            let summary = await run(turn, &memory.gates)
            group.cancelAll()
            return summary
        }
    }

    /// A service never is.
    func isOutOfPatience(_ memory: inout Memory) -> Bool {
        let since = memory.troubledSince ?? time.now
        memory.troubledSince = since
        return settings.isOneshot && time.now - since >= settings.patience
    }

    /// Lets go of what is due again, for itself or for others.
    func giveUpDue(_ memory: inout Memory) async {
        for (shard, due) in memory.kept where due <= time.now && !settings.isOneshot {
            await locks.unlock(shard)
            memory.kept[shard] = nil
        }
    }

    func firstFree(_ memory: inout Memory) async throws -> Shard? {
        let first = memory.next
        for step in settings.shards.indices {
            let index = (first + step) % settings.shards.count
            let shard = settings.shards[index]
            if stopSignal.isRequested { return nil }
            if memory.kept[shard] != nil || memory.settled.contains(shard) { continue }
            // One that can't be asked for must not keep the others from being asked for the next time.
            memory.next = (index + 1) % settings.shards.count
            if try await locks.tryLock(shard) { return shard }
            if settings.isOneshot, !memory.lost.contains(shard) { memory.settled.insert(shard) }
        }
        return nil
    }

    /// 1, could not run, before 3, failed in part.
}
