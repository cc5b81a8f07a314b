import Logging
import Monitoring
import Purging
import TokenserverStore

/// What tells others of the runs.
extension PurgeProgram {
    /// Watches the runs for those who ask over HTTP.
    func monitor(_ ledger: RunLedger, _ stopSignal: StopSignal) -> Monitor {
        let time = SystemTime()
        let connector = settings.records.connector
        let options = settings.options
        return Monitor(
            program: MonitorState.Program(
                version: ProgramVersion.text,
                database: connector.name,
                startedAt: time.wallTime,
                isDryRun: settings.isDryRun,
                isOneshot: settings.isOneshot,
                shard: settings.sharding.text,
                ageObjective: settings.monitoring.ageObjective
            ),
            board: board,
            ledger: ledger,
            probe: TokenserverProbe(connector: connector, needsPrimary: !settings.isDryRun, time: time),
            scope: { now in
                var scope = options.scope(cutoff: now.advanced(by: .zero - options.gracePeriod))
                scope.shard = nil
                return scope
            },
            pauses: settings.isDryRun ? nil : settings.steering?.pauses,
            stopSignal: stopSignal,
            time: time
        )
    }

    func listen(_ monitor: Monitor, _ logger: Logger) async throws {
        guard let address = settings.monitoring.address else { return }
        let server = try await MonitoringServer.start(
            host: address.host,
            port: address.port,
            names: settings.monitoring.names,
            monitor: monitor
        )
        logger.notice("Listening", metadata: ["address": .string(server.address)])
    }
}
