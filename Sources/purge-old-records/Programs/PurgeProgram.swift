import Databases
import Journals
import Logging
import Monitoring
import Purging
import Steering
import StorageClient
import SyncTokens
import Synchronization
import Telemetry
import TokenserverStore

/// The command `purge`: connects the parts as the settings say, and runs them to the exit code.
struct PurgeProgram {
    let settings: PurgeSettings
    let board = StatusBoard()

    init(settings: PurgeSettings) { self.settings = settings }

    func run() async -> Int32 {
        let logs = Logs(settings.records, isText: settings.records.humanLogs || Logs.isTerminal)
        defer { logs.output.flush() }
        let logger = logs.logger
        let stopSignal = StopSignal()
        let opened = Mutex<AuditFile?>(nil)
        var signals = Signals(stopSignal: stopSignal, logger: logger)
        if settings.auditLog != nil { signals.hangUp = { opened.withLock { $0 }?.reopen() } }
        signals.tellState = { [board] in StatusText(board.status).log(to: logger) }
        signals.handle()
        warn(logger)
        let journal: AuditFile?
        do {
            journal = try settings.auditLog?.open(run: Self.runName())
        } catch {
            return logs.fail(error, settings.records)
        }
        opened.withLock { $0 = journal }
        let ledger = RunLedger(
            isRehearsal: settings.isDryRun,
            keepsTimings: settings.statsd != nil,
            time: SystemTime()
        )
        let statsd = statsd(ledger, logger)
        let sending = Task { await statsd?.run() }
        let monitor = monitor(ledger, stopSignal)
        do {
            try await listen(monitor, logger)
        } catch {
            return logs.fail(error, settings.records)
        }
        let watching = Task { if settings.monitoring.address != nil { await monitor.run() } }
        defer { watching.cancel() }
        let metrics = settings.monitoring.metricsFile.map {
            MetricsFile(path: $0, monitor: monitor, isStrict: settings.isStrict, logger: logger)
        }
        let results = RunResults()
        let observer = observer(logs, ledger, results)
        var code = await run(logs, journal, metrics, observer: observer, stopSignal: stopSignal)
        code = await metrics?.close(code: code) ?? code
        if settings.isOneshot { code = tell(results, code: code, logs) }
        sending.cancel()
        await sending.value
        await statsd?.close()
        return code
    }

    /// Tells the lines of this process in an audit log from those of others.
    private static func runName() -> String {
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func run(
        _ logs: Logs,
        _ journal: AuditFile?,
        _ metrics: MetricsFile?,
        observer: any RunObserver,
        stopSignal: StopSignal
    ) async -> Int32 {
        do {
            return try await settings.isDryRun
                ? rehearse(logs, metrics, observer, stopSignal)
                : purge(logs, journal, metrics, observer, stopSignal)
        } catch {
            observer.observe(.notBegun)
            return logs.fail(error, settings.records)
        }
    }

    private func purge(
        _ logs: Logs,
        _ journal: AuditFile?,
        _ metrics: MetricsFile?,
        _ observer: any RunObserver,
        _ stopSignal: StopSignal
    ) async throws -> Int32 {
        let time = SystemTime()
        let connector = settings.records.connector
        let opened = try await stopSignal.unlessRequested { [settings] in
            let store = try await TokenserverStore.open(
                connector,
                tracksSlots: settings.records.spannerNode == nil,
                readsKin: !settings.policy.storageTypes.allKeyByUID,
                resilience: logs.resilience(settings.records)
            )
            try await settings.records.checkNodeTypes(in: store)
            return store
        }
        guard var store = opened else { return 0 }
        let overlap = try await overlapGuard(logs.logger, time, stopSignal)
        if try await overlap?.acquire() == false { return 0 }
        let keeping = Task { await overlap?.keep() }
        defer { keeping.cancel() }
        let braking = Task { [settings] in await settings.steering?.brakes?.run() }
        defer { braking.cancel() }
        try await settings.steering?.brakes?.firstReadings(stopSignal)
        var counter: any BacklogCounter = TokenserverCounter(connector: connector)
        if case .apply(let plan) = settings.plan {
            counter = PlanCounter(plan: plan, source: store)
            store = PlannedStore(store, plan: plan)
        }
        try await checkNotRestored(store)
        if let journal { try await closeOpenIntents(journal, store, logs.logger) }
        // Before there is a client, which has to be shut down.
        var locks: (any ShardLocks)?
        if case .shared = settings.sharding { locks = try await Database.shardLocks(connector) }
        let client = try HTTPStorageNodeClient(secret: settings.masterSecret(), settings: settings.client, time: time)
        let (counted, purged) = (counter, store)
        let witness = ClockWitness(client: client, time: time)
        let executor = LoopExecutor()
        @Sendable func run(
            _ store: any RecordStore,
            _ options: RunOptions,
            _ gates: inout [ServiceURL: NodeGate]
        ) async -> RunSummary {
            let run = PurgeRun(
                store: store,
                counter: counted,
                client: client,
                options: options,
                policy: settings.policy,
                observer: observer,
                time: time,
                witness: witness,
                stopSignal: stopSignal,
                journal: journal,
                pauses: settings.steering?.pauses,
                board: board
            )
            let summary = await withTaskExecutorPreference(executor) { await run.run(gates: &gates) }
            await metrics?.write(summary)
            return summary
        }
        let code: Int32
        if case .shared(let count) = settings.sharding, let locks {
            code = await shardService(Shard.all(count), locks, logs.logger, time, stopSignal) { turn, gates in
                var options = settings.options
                options.shard = turn.shard
                options.countsBacklog = turn.countsBacklog
                options.maxRuntime = turn.timeLeft ?? options.maxRuntime
                return await run(ShardedStore(purged, shard: turn.shard, locks: locks), options, &gates)
            }.run()
        } else {
            code = await service(time, stopSignal) { gates in
                _ = try? await overlap?.acquire()
                return await run(purged, settings.options, &gates)
            }.run()
        }
        await client.shutdown()
        keeping.cancel()
        await overlap?.release()
        return code
    }

    private func shardService(
        _ shards: [Shard],
        _ locks: any ShardLocks,
        _ logger: Logger,
        _ time: any TimeSource,
        _ stopSignal: StopSignal,
        run: @escaping @Sendable (ShardService.Turn, inout [ServiceURL: NodeGate]) async -> RunSummary
    ) -> ShardService {
        var service = ShardService.Settings(
            shards: shards,
            interval: settings.interval,
            isOneshot: settings.isOneshot,
            isStrict: settings.isStrict
        )
        service.maxRuntime = settings.options.maxRuntime
        service.patience = settings.records.databaseTimeout
        return ShardService(
            settings: service,
            locks: locks,
            time: time,
            stopSignal: stopSignal,
            report: { logger.error("\($0)") },
            board: board,
            run: run
        )
    }

    /// The dry run: it gets a store that can't write, and no client.
    private func rehearse(
        _ logs: Logs,
        _ metrics: MetricsFile?,
        _ observer: any RunObserver,
        _ stopSignal: StopSignal
    ) async throws -> Int32 {
        let time = SystemTime()
        let connector = settings.records.connector
        let opened = try await stopSignal.unlessRequested { try await settings.records.openReadOnly(logs) }
        guard let source = opened else { return 0 }
        let sink: PlanFileWriter? = if case .write(let writer) = settings.plan { writer } else { nil }
        let run = DryRun(
            source: source,
            counter: TokenserverCounter(connector: connector),
            options: settings.options,
            policy: settings.policy,
            observer: observer,
            time: time,
            stopSignal: stopSignal,
            plan: sink
        )
        return await service(time, stopSignal) { _ in
            let summary = await run.run()
            await metrics?.write(summary)
            if sink != nil, summary.stopReason == .stopRequested || summary.stopReason == .maxRuntime {
                logs.logger.warning("No plan was written, as the dry run was stopped before its end")
            }
            return summary
        }.run()
    }

    private func service(
        _ time: any TimeSource,
        _ stopSignal: StopSignal,
        run: @escaping @Sendable (inout [ServiceURL: NodeGate]) async -> RunSummary
    ) -> PurgeService {
        PurgeService(
            interval: settings.interval,
            isOneshot: settings.isOneshot,
            isStrict: settings.isStrict,
            time: time,
            stopSignal: stopSignal,
            board: board,
            run: run
        )
    }
}
