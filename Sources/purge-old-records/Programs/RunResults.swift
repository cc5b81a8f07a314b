import Logging
import Monitoring
import Purging
import Synchronization
import Telemetry

/// Remembers how the runs of a one-shot program ended, one or, with `--shards`, several.
final class RunResults: RunObserver {
    private let summaries = Mutex<[RunSummary]>([])

    var all: [RunSummary] { summaries.withLock { $0 } }

    func observe(_ event: RunEvent) {
        if case .finished(let summary) = event { summaries.withLock { $0.append(summary) } }
    }
}

extension PurgeProgram {
    /// Prints the results of a one-shot run on standard output: text, or with `--json` a line of JSON for each run.
    ///
    /// - Returns: the exit code: that of the run, or 1 if the result could not be printed. Who closed the output wants none.
    func tell(_ results: RunResults, code: Int32, _ logs: Logs) -> Int32 {
        guard StandardOutput.isOpen else { return code }
        do {
            for summary in results.all {
                if settings.isJSON {
                    let document = RunDocument(summary, endedAt: SystemTime().wallTime)
                    try StandardOutput.write(line: JSONDocument.text(of: ["run": document]))
                } else {
                    for line in SummaryText(summary).lines { try StandardOutput.write(line: line) }
                }
            }
            try StandardOutput.flush()
            return code
        } catch is StandardOutput.Closed {
            return code
        } catch {
            logs.logger.error("\(error)")
            return 1
        }
    }
}
