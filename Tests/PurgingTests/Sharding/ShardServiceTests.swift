import Purging
import Synchronization
import SyncTokens
import TestSupport
import Testing

@Suite("Many workers")
struct ShardServiceTests {
    private let simulation = Simulation()
    private let table = ShardLockTable()
    private let runs = Runs()

    /// Who purged which shard from when to when.
    private final class Runs: Sendable {
        struct Run {
            let shard: Shard
            let worker: Int
            let start: ContinuousClock.Instant
            var end: ContinuousClock.Instant?
            let countsBacklog: Bool
        }

        private let all = Mutex<[Run]>([])

        var list: [Run] { all.withLock { $0 } }

        func started(_ run: Run) -> Int {
            all.withLock { all in
                all.append(run)
                return all.count - 1
            }
        }

        func ended(_ index: Int, at now: ContinuousClock.Instant) { all.withLock { $0[index].end = now } }
    }

    private func service(
        _ worker: Int,
        shards: Int = 16,
        isOneshot: Bool = false,
        isStrict: Bool = false,
        takes duration: Duration = .seconds(60),
        maxRuntime: Duration? = nil,
        stopSignal: StopSignal = StopSignal(),
        locks: TestShardLocks? = nil,
        summary: @escaping @Sendable (Shard) -> RunSummary = { _ in RunSummary() }
    ) -> ShardService {
        var settings = ShardService.Settings(
            shards: Shard.all(shards),
            interval: .seconds(3600),
            isOneshot: isOneshot,
            isStrict: isStrict
        )
        settings.maxRuntime = maxRuntime
        let (time, runs) = (simulation.time, runs)
        return ShardService(
            settings: settings,
            locks: locks ?? TestShardLocks(table, holder: worker),
            time: time,
            stopSignal: stopSignal,
            report: { _ in }
        ) { turn, _ in
            let run = runs.started(
                .init(shard: turn.shard, worker: worker, start: time.now, countsBacklog: turn.countsBacklog)
            )
            await time.sleep(until: time.now + min(duration, turn.timeLeft ?? duration))
            runs.ended(run, at: time.now)
            return summary(turn.shard)
        }
    }

    @Test("no shard is ever purged by two, and each once in an interval, whoever does it")
    func shared() throws {
        let time = simulation.time
        let stop = StopSignal()
        let begin = time.now
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                for worker in 1...4 { group.addTask { _ = await service(worker, stopSignal: stop).run() } }
                await time.sleep(until: begin + .seconds(6 * 3600))
                stop.request()
            }
        }
        let bySharded = Dictionary(grouping: runs.list, by: \.shard)
        #expect(bySharded.count == 16)
        for (shard, list) in bySharded {
            for (one, next) in zip(list, list.dropFirst()) {
                let end = try #require(one.end)
                #expect(next.start >= end + .seconds(0.7 * 3600), "\(shard)")
                #expect(next.start <= end + .seconds(1.3 * 3600 + 16 * 60 + 2), "\(shard)")
            }
        }
        // The first round takes no longer than their shares of it.
        let first = runs.list.prefix(16)
        #expect(Set(first.map(\.shard)).count == 16)
        #expect(first.allSatisfy { $0.start <= begin + .seconds(5 * 60) })
        #expect(Set(first.map(\.worker)) == [1, 2, 3, 4])
        // The whole backlog is counted about once in an interval by each.
        #expect(runs.list.filter(\.countsBacklog).count <= 4 * 8)
        #expect(table.taken.isEmpty)
    }

    @Test("the shards of one who died are taken over at once")
    func takenOver() throws {
        let time = simulation.time
        let (stop, death) = (StopSignal(), StopSignal())
        let begin = time.now
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await service(1, shards: 4, takes: .seconds(1), stopSignal: stop).run() }
                group.addTask { _ = await service(2, shards: 4, takes: .seconds(1), stopSignal: death).run() }
                await time.sleep(until: begin + .seconds(100))
                death.request()
                table.freeAll(of: 2)
                await time.sleep(until: begin + .seconds(200))
                stop.request()
            }
        }
        let others = Set(runs.list.filter { $0.worker == 2 }.map(\.shard))
        #expect(!others.isEmpty)
        let taken = runs.list.filter { $0.worker == 1 && others.contains($0.shard) }
        #expect(Set(taken.map(\.shard)) == others)
        #expect(taken.allSatisfy { $0.start <= begin + .seconds(100 + 2 + 4) })
    }

    @Test("one that loses its locks starts to look for free shards again")
    func lost() throws {
        let time = simulation.time
        let stop = StopSignal()
        let begin = time.now
        let (table, runs) = (table, runs)
        let code = try simulation.run {
            await withTaskGroup(of: Int32.self) { group in
                group.addTask {
                    await service(1, shards: 2, takes: .seconds(1), stopSignal: stop) { shard in
                        var summary = RunSummary()
                        if runs.list.count == 1 {
                            table.freeAll(of: 1)
                            summary.stopReason = .shardLost("gone")
                        }
                        return summary
                    }.run()
                }
                await time.sleep(until: begin + .seconds(60))
                stop.request()
                return await group.next() ?? -1
            }
        }
        #expect(code == 0)
        #expect(runs.list.count == 3)
        #expect(Set(runs.list.dropFirst().map(\.shard)).count == 2)
    }

    @Test("a database that fails at the start ends it, and later is waited out")
    func failing() throws {
        let locks = TestShardLocks(table, holder: 1)
        locks.failure.withLock { $0 = .unreachable("gone") }
        #expect(try simulation.run { await service(1, locks: locks).run() } == 1)
        #expect(runs.list.isEmpty)
        locks.failure.withLock { $0 = nil }
        let time = simulation.time
        let stop = StopSignal()
        let begin = time.now
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = await service(1, shards: 2, takes: .seconds(1), stopSignal: stop, locks: locks).run()
                }
                await time.sleep(until: begin + .seconds(1))
                locks.failure.withLock { $0 = .unreachable("gone") }
                await time.sleep(until: begin + .seconds(100))
                locks.failure.withLock { $0 = nil }
                await time.sleep(until: begin + .seconds(200))
                stop.request()
            }
        }
        #expect(Set(runs.list.filter { $0.start >= begin + .seconds(100) }.map(\.shard)).count == 2)
    }

    @Test("once only: all shards among all of them, none twice at a time or by the same one; then they end")
    func oneshot() throws {
        let codes = try simulation.run {
            await withTaskGroup(of: Int32.self) { group in
                for worker in 1...3 {
                    group.addTask {
                        await service(worker, shards: 8, isOneshot: true) { shard in
                            var summary = RunSummary()
                            summary.failed = shard.index == 5 ? [.timeout: 1] : [:]
                            return summary
                        }.run()
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(Set(runs.list.map(\.shard)).count == 8)
        for (_, list) in Dictionary(grouping: runs.list, by: \.shard) {
            #expect(Set(list.map(\.worker)).count == list.count)
            for (one, next) in zip(list, list.dropFirst()) { #expect(try next.start >= #require(one.end)) }
        }
        // Each with the worst code of its own runs.
        let failed = Set(runs.list.filter { $0.shard.index == 5 }.map(\.worker))
        #expect(codes.filter { $0 == 3 }.count == failed.count && codes.allSatisfy { $0 == 0 || $0 == 3 })
        #expect(table.taken.isEmpty)
    }

    @Test("once only: a shard that is lost is finished as soon as it can be had again", arguments: [true, false])
    func lostOnce(isFreed: Bool) throws {
        let (table, runs, time) = (table, runs, simulation.time)
        let begin = time.now
        let shard = try #require(Shard(0, of: 1))
        let code = try simulation.run {
            await withTaskGroup(of: Int32?.self) { group in
                group.addTask {
                    await service(1, shards: 1, isOneshot: true, takes: .seconds(1)) { _ in
                        var summary = RunSummary()
                        if runs.list.count == 1 {
                            // The server still has the session that was lost.
                            table.freeAll(of: 1)
                            _ = table.take(shard, by: 99)
                            summary.stopReason = .shardLost("gone")
                        }
                        return summary
                    }.run()
                }
                if isFreed {
                    group.addTask {
                        await time.sleep(until: begin + .seconds(30))
                        table.freeAll(of: 99)
                        return nil
                    }
                }
                var code: Int32?
                for await end in group { code = end ?? code }
                return code
            }
        }
        #expect(code == (isFreed ? 0 : 1))
        #expect(runs.list.count == (isFreed ? 2 : 1))
    }

    @Test("what waits for downed nodes is known from the one run that counts", arguments: [0, 1])
    func countedOnce(waiting: Int) throws {
        let runs = runs
        let code = try simulation.run {
            await service(1, shards: 3, isOneshot: true, isStrict: true) { _ in
                var summary = RunSummary()
                summary.hasDownedNodes = true
                summary.onDownedNodes = runs.list.last?.countsBacklog == true ? waiting : nil
                return summary
            }.run()
        }
        #expect(runs.list.filter(\.countsBacklog).count == 1 && runs.list.count == 3)
        #expect(code == (waiting == 0 ? 0 : 3))
    }

    @Test("once only: a shard that is lost each time as soon as it is had ends it with code 1")
    func lostEachTime() throws {
        let table = table
        let code = try simulation.run {
            await service(1, shards: 1, isOneshot: true, takes: .seconds(1)) { _ in
                table.freeAll(of: 1)
                var summary = RunSummary()
                summary.stopReason = .shardLost("gone")
                return summary
            }.run()
        }
        #expect(code == 1)
        #expect(runs.list.count > 10 && runs.list.count < 70)
    }

    @Test("once only: a time limit that ends before what was lost is finished is no success")
    func lostUntilTheEnd() throws {
        let table = table
        let code = try simulation.run {
            await service(1, shards: 1, isOneshot: true, takes: .seconds(1), maxRuntime: .seconds(10)) { shard in
                table.freeAll(of: 1)
                _ = table.take(shard, by: 99)
                var summary = RunSummary()
                summary.stopReason = .shardLost("gone")
                return summary
            }.run()
        }
        #expect(code == 1)
    }

    @Test("what is due again is free for others while its holder is in a long run")
    func longRun() throws {
        let time = simulation.time
        let begin = time.now
        let stop = StopSignal()
        let (table, runs) = (table, runs)
        // Only the first worker is slow, and only on its last shard.
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = await ShardService(
                        settings: .init(
                            shards: Shard.all(4),
                            interval: .seconds(3600),
                            isOneshot: false,
                            isStrict: false
                        ),
                        locks: TestShardLocks(table, holder: 1),
                        time: time,
                        stopSignal: stop,
                        report: { _ in }
                    ) { turn, _ in
                        let isLast = runs.list.filter { $0.worker == 1 }.count == 3
                        _ = runs.started(
                            .init(shard: turn.shard, worker: 1, start: time.now, countsBacklog: turn.countsBacklog)
                        )
                        await time.sleep(until: time.now + .seconds(isLast ? 10 * 3600 : 1))
                        return RunSummary()
                    }.run()
                }
                await time.sleep(until: begin + .seconds(100))
                group.addTask { _ = await service(2, shards: 4, takes: .seconds(1), stopSignal: stop).run() }
                await time.sleep(until: begin + .seconds(3 * 3600))
                stop.request()
            }
        }
        let others = runs.list.filter { $0.worker == 2 && $0.start < begin + .seconds(3 * 3600) }
        #expect(Set(others.map(\.shard)).count == 3)
    }

    @Test("one that found no free shard yet is not ended by a database that fails for a while")
    func standby() throws {
        let (table, time) = (table, simulation.time)
        let begin = time.now
        let locks = TestShardLocks(table, holder: 1)
        let stop = StopSignal()
        for shard in Shard.all(2) { _ = table.take(shard, by: 99) }
        let code = try simulation.run {
            await withTaskGroup(of: Int32.self) { group in
                group.addTask {
                    await service(1, shards: 2, takes: .seconds(1), stopSignal: stop, locks: locks).run()
                }
                await time.sleep(until: begin + .seconds(100))
                locks.failure.withLock { $0 = .unreachable("gone") }
                await time.sleep(until: begin + .seconds(200))
                locks.failure.withLock { $0 = nil }
                table.freeAll(of: 99)
                await time.sleep(until: begin + .seconds(300))
                stop.request()
                return await group.next() ?? -1
            }
        }
        #expect(code == 0)
        #expect(Set(runs.list.map(\.shard)).count == 2)
    }

    @Test("once only, with a time limit for all of its runs")
    func maxRuntime() throws {
        let begin = simulation.time.now
        let code = try simulation.run { await service(1, isOneshot: true, maxRuntime: .seconds(150)).run() }
        #expect(code == 0)
        #expect(runs.list.count == 3)
        #expect(runs.list.last?.end == begin + .seconds(150))
    }

    @Test("a run reads nothing more once its shard is not its own")
    func notItsOwn() throws {
        let fixture = RunFixture(nodes: 1, records: (1...4000).map { .obsolete(uid: $0) })
        let shard = try #require(Shard(0, of: 1))
        let locks = TestShardLocks(table, holder: 1)
        var options = fixture.options
        options.shard = shard
        options.pageSize = 5
        #expect(table.take(shard, by: 1))
        let (table, store, time) = (table, fixture.store, fixture.time)
        store.beforeCall { _ in
            await time.sleep(until: time.now + .milliseconds(5))
            if store.records.count < 3900 { table.freeAll(of: 1) }
        }
        let summary = try fixture.run(options, through: ShardedStore(store, shard: shard, locks: locks))
        guard case .shardLost = summary.stopReason else {
            Issue.record("\(summary.stopReason)")
            return
        }
        // What was sent before is settled all the same.
        #expect(summary.dataDeleted == summary.deletedTotal)
        #expect(summary.deletedTotal > 0 && summary.deletedTotal < 4000)
    }
}
