import Logging
import Monitoring
import Purging
import Telemetry
import TokenserverStore

/// Who is told of the runs, and what is told before the first.
extension PurgeProgram {
    func observer(
        _ logs: Logs,
        _ ledger: RunLedger,
        _ results: RunResults
    ) -> any RunObserver {
        var observers: [any RunObserver] = [LogObserver(logger: logs.logger, ending: logEnding(logs)), ledger]
        if settings.isOneshot { observers.append(results) }
        if let objective = settings.monitoring.ageObjective {
            observers.append(AgeObjectiveObserver(objective: objective, logger: logs.logger))
        }
        let verb = settings.isDryRun ? "would purge" : "purged"
        if logs.isText, logs.output.isTerminal {
            observers.append(
                ProgressObserver(
                    line: ProgressLine(output: logs.output, verb: verb),
                    limit: settings.options.maxRecords
                )
            )
        } else {
            observers.append(ProgressLogObserver(logger: logs.logger, verb: verb, limit: settings.options.maxRecords))
        }
        return ObserverGroup(observers)
    }

    /// Nil without an address.
    func statsd(_ ledger: RunLedger, _ logger: Logger) -> StatsdSender? {
        settings.statsd.map { address in
            let export = StatsdExport(
                ledger: ledger,
                isRehearsal: settings.isDryRun,
                ageObjective: settings.monitoring.ageObjective
            )
            return StatsdSender(host: address.host, port: address.port, logger: logger) { export.lines() }
        }
    }

    func warn(_ logger: Logger) {
        for warning in settings.records.warnings {
            logger.warning("\(warning)")
        }
        if settings.isDryRun, settings.steering != nil {
            logger.warning("--pause-file, --window and the brakes have no effect with --dryrun, which sends nothing")
        }
        if settings.isJSON, !settings.isOneshot {
            logger.warning("--json has no effect without --oneshot: only then is there a result to print")
        }
        if settings.monitoring.usesFormerName {
            logger.warning("--promise is called --age-slo now; the old name will go")
        }
        if settings.secret?.isExposed == true {
            logger.warning(
                """
                The master secret was given as an argument, so every user of this machine can see it in the process \
                list; use --secret-file or SYNC_MASTER_SECRET
                """
            )
        }
        logger.info(
            "Starting",
            metadata: [
                "version": .string(ProgramVersion.text),
                "database": .string(settings.records.connector.name),
                "dry_run": .stringConvertible(settings.isDryRun),
                "oneshot": .stringConvertible(settings.isOneshot),
                "force": .stringConvertible(settings.policy.forcesDownedNodes),
                "grace_period_s": .stringConvertible(settings.options.gracePeriod.components.seconds),
                "page_size": .stringConvertible(settings.options.pageSize),
                "max_records": .stringConvertible(settings.options.maxRecords ?? 0),
                "max_runtime_s": .stringConvertible(settings.options.maxRuntime?.components.seconds ?? 0),
                "concurrency": .stringConvertible(settings.options.dispatcher.gate.ceiling),
                "on_failure": .string(settings.options.onFailure.rawValue),
                "order": .string(settings.options.order.rawValue),
                "audit_log": .string(settings.auditLog?.path ?? ""),
                "shard": .string(settings.sharding.text),
                "pauses": .string(settings.steering?.text ?? ""),
            ]
        )
    }

    /// The result of a one-shot run is on standard output, so the log of a person has no more of it than it needs.
    private func logEnding(_ logs: Logs) -> LogObserver.Ending {
        if !logs.isText { return .fields }
        if !settings.isOneshot || !StandardOutput.isOpen { return .lines }
        return StandardOutput.isStandardError ? .nothing : .title
    }
}
