import Databases
import Logging
import Purging

/// Another instance purges the same backlog.
struct Overlap: Error, CustomStringConvertible {
    let holder: String?

    var subject: String { "another instance purges this backlog (\(name))" }

    var name: String { holder ?? "the database doesn't tell which" }

    var description: String {
        "\(subject); wait until it ends, purge together with --shards, or give --allow-overlap"
    }
}

/// Sees to it that one instance at a time purges a backlog, by a lock of the database that ends with whoever has it. It spares
/// work and saves nobody's data: all laws hold for any number of instances.
struct OverlapGuard {
    /// How often a service looks whether the other instance has ended.
    private static let lookout = Duration.seconds(5)
    /// How often the lock's session is used, so that nobody takes it for idle, and the server notices when it is dead.
    private static let heartbeat = Duration.seconds(30)

    let locks: any ShardLocks
    let shard: Shard
    let isOneshot: Bool
    let logger: Logger
    let time: any TimeSource
    let stopSignal: StopSignal
    let board: StatusBoard

    /// Takes the lock, or makes sure of it. A service waits for it; where the database can't tell who has it, nobody waits.
    ///
    /// - Returns: false if the program was asked to stop meanwhile.
    /// - Throws: ``Overlap`` in a one-shot run.
    func acquire() async throws -> Bool {
        var hasWarned = false
        defer { board.wait(forInstance: nil) }
        while true {
            do {
                if try await isOurs() {
                    if hasWarned { logger.notice("The other instance has ended") }
                    return true
                }
            } catch {
                logger.info("Whether another instance purges this backlog can't be told: \(error)")
                return true
            }
            let overlap = Overlap(holder: await locks.holder(of: shard))
            if isOneshot { throw overlap }
            if !hasWarned {
                logger.warning(
                    "Waiting, because \(overlap.subject). It begins once that one ends; --shards lets them purge together"
                )
            }
            hasWarned = true
            board.wait(forInstance: overlap.name)
            await stopSignal.pause(until: time.now + Self.lookout, time)
            if stopSignal.isRequested { return false }
        }
    }

    /// Keeps the lock until the task is cancelled: one whose session was lost is taken again, if nobody else has it now.
    func keep() async {
        while !Task.isCancelled {
            await time.sleep(until: time.now + Self.heartbeat)
            if Task.isCancelled { return }
            do {
                try await locks.verify(shard)
            } catch {
                let isOurs = try? await locks.tryLock(shard)
                logger.info(
                    "The lock against overlapping runs was lost (\(error))\(isOurs == true ? ", and taken again" : "")"
                )
            }
        }
    }

    func release() async { await locks.unlock(shard) }

    /// A session that was lost takes its lock with it, and a new one takes it again.
    private func isOurs() async throws -> Bool {
        do {
            return try await locks.tryLock(shard)
        } catch {
            return try await locks.tryLock(shard)
        }
    }
}

extension PurgeProgram {
    /// Nil where instances may overlap, have locks of their own, or can't be noticed. Instances with ranges of uids, or that
    /// begin at random places, are meant to run beside each other.
    func overlapGuard(_ logger: Logger, _ time: any TimeSource, _ stopSignal: StopSignal) async throws -> OverlapGuard?
    {
        let records = settings.records
        let isOneOfSeveral = records.uidsAbove != nil || records.uidsBelow != nil || settings.options.maxOffset > 0
        if settings.allowsOverlap || isOneOfSeveral { return nil }
        let shard: Shard
        switch settings.sharding {
        case .alone: shard = .whole
        case .fixed(let fixed): shard = fixed
        case .shared: return nil
        }
        let locks: (any ShardLocks)?
        do {
            locks = try await Database.overlapLocks(records.connector)
        } catch {
            logger.info("Whether another instance purges this backlog can't be told: \(error)")
            return nil
        }
        guard let locks else {
            logger.info(
                "Behind a pooler, or on a Galera cluster, another instance that purges this backlog isn't noticed"
            )
            return nil
        }
        return OverlapGuard(
            locks: locks,
            shard: shard,
            isOneshot: settings.isOneshot,
            logger: logger,
            time: time,
            stopSignal: stopSignal,
            board: board
        )
    }
}
