import Journals
import Logging
import Purging
import Telemetry
import TokenserverStore

/// The command `backlog`: reads everything, prints a table on standard output, changes nothing.
struct BacklogProgram {
    let settings: BacklogSettings

    func run() async -> Int32 {
        let logs = Logs(settings.records, isText: true)
        defer { logs.output.flush() }
        let stopSignal = StopSignal()
        Signals(stopSignal: stopSignal, logger: logs.logger).handle()
        for warning in settings.records.warnings {
            logs.logger.warning("\(warning)")
        }
        do {
            let progress = logs.output.isTerminal ? ProgressLine(output: logs.output, verb: "read") : nil
            let opened = try await stopSignal.unlessRequested { try await settings.records.openReadOnly(logs) }
            guard let source = opened else { return 1 }
            let answers =
                settings.auditLogs.isEmpty ? nil : try LastAnswers(try AuditReader(paths: settings.auditLogs))
            let output = BacklogOutput(
                database: settings.records.connector.name,
                asOf: answers?.asOf,
                lists: settings.lists,
                isJSON: settings.isJSON
            )
            let report = try await BacklogReport(
                source: source,
                options: settings.options,
                policy: settings.records.policy,
                time: SystemTime(),
                stopSignal: stopSignal,
                lastAnswer: { answers?[$0] },
                failed: answers?.failed ?? [],
                each: output.write
            ) { progress?.update(done: $0, total: nil, held: 0, failed: 0) }
            progress?.finish()
            try output.write(report)
            return 0
        } catch is StandardOutput.Closed {
            return 1
        } catch {
            try? StandardOutput.flush()
            return logs.fail(error, settings.records)
        }
    }
}
