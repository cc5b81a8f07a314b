import Databases
import Logging
import Journals
import Purging
import Support
import Telemetry
import TokenserverStore

extension AuditProgram {
    /// So many records are listed for people.
    static let mostListed = 20

    /// Compares what was deleted with what a database has; reads only.
    ///
    /// - Returns: 3 if anything that was deleted is there again.
    func compare(_ records: RecordSettings, _ plan: PlanFileWriter?) async throws -> Int32 {
        if try isAltered() { return 65 }
        let logs = Logs(records, isText: true)
        defer { logs.output.flush() }
        let source: TokenserverStore
        do {
            source = try await records.openReadOnly(logs)
        } catch {
            return logs.fail(error, records)
        }
        let found = try await RestoredRecords(try AuditReader(paths: settings.files)) { try await source.standings($0) }
        var planned: RunSummary?
        if let plan, !found.uids(.obsolete).isEmpty {
            let summary = await write(plan, found.uids(.obsolete), source, records)
            if summary.stopReason.isError {
                logs.output.flush()
                Logs.complain("purge-old-records: \(summary.stopReason.detail ?? summary.stopReason.name)")
                return 1
            }
            planned = summary
        }
        let output = RestoredOutput(found: found, database: records.connector.name, planned: planned)
        for line in settings.isJSON ? output.json : output.text { try StandardOutput.write(line: line) }
        try StandardOutput.flush()
        return found.records.isEmpty && found.unreadable == 0 ? 0 : 3
    }

    /// A dry run over these records alone.
    private func write(
        _ plan: PlanFileWriter,
        _ uids: [UID],
        _ source: TokenserverStore,
        _ records: RecordSettings
    ) async -> RunSummary {
        var options = RunOptions()
        records.apply(to: &options)
        options.countsBacklog = false
        var policy = records.policy
        policy.writeMargin = AuditSettings.writeMargin
        return await DryRun(
            source: SelectedRecords(uids, of: source),
            counter: NoCounter(),
            options: options,
            policy: policy,
            observer: NoObserver(),
            time: SystemTime(),
            stopSignal: StopSignal(),
            plan: plan
        ).run()
    }
}

/// What happens in a run that nobody watches.
private struct NoObserver: RunObserver {
    func observe(_ event: RunEvent) {}
}
