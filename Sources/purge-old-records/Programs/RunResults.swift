import Logging
import Monitoring
import Purging
import Synchronization
import Telemetry

/// Remembers how the runs of a one-shot program ended, one or, with `--shards`, several.
final class RunResults: RunObserver {
    private let results = Mutex<[(summary: RunSummary, endedAt: Timestamp)]>([])

    var all: [(summary: RunSummary, endedAt: Timestamp)] { results.withLock { $0 } }

    func observe(_ event: RunEvent) {
        if case .finished(let summary) = event { results.withLock { $0.append((summary, SystemTime().wallTime)) } }
    }
}

extension PurgeProgram {
    /// How long a reader may read nothing: the run is over, and its locks are free.
    private static let patience = Duration.seconds(10)

    /// Prints the results of a one-shot run on standard output: text, or with `--json` a line of JSON for each run.
    ///
    /// - Returns: the exit code: that of the run, or 1 if the result could not be printed. Who closed the output wants none.
    func tell(_ results: RunResults, code: Int32, _ logs: Logs) -> Int32 {
        guard StandardOutput.isOpen else { return code }
        do {
            for (summary, endedAt) in results.all {
                if settings.isJSON {
                    let document = RunDocument(summary, endedAt: endedAt)
                    try StandardOutput.write(line: JSONDocument.text(of: ["run": document]))
                } else {
                    for line in SummaryText(summary).lines { try StandardOutput.write(line: line) }
                }
            }
            try StandardOutput.flush(within: Self.patience)
            return code
        } catch is StandardOutput.Closed {
            return code
        } catch {
            logs.logger.error("\(error)")
            return 1
        }
    }
}
