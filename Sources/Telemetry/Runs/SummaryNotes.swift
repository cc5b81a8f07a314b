import Logging
import Purging
import Support

/// What an operator should know of a run besides its counts, each in a line.
struct SummaryNotes {
    let lines: [(Logger.Level, String, Logger.Metadata)]

    init(_ summary: RunSummary) {
        var lines: [(Logger.Level, String, Logger.Metadata)] = []
        if summary.clocksDisagree {
            lines.append(
                (
                    .warning, "The database's clock and this machine's disagree; the earlier one counts",
                    ["database_ahead_s": .stringConvertible(summary.clockSkew.inSeconds)]
                )
            )
        }
        if summary.clockAhead > .zero {
            lines.append(
                (
                    .warning,
                    "This machine's clock is ahead; records were judged by the earlier time. Correct the clock",
                    ["ahead_s": .stringConvertible(summary.clockAhead.inSeconds)]
                )
            )
        }
        if summary.heldOnUnknownStorage > 0 {
            let held = Figures.counted(summary.heldOnUnknownStorage, "record")
            lines.append(
                (
                    .notice,
                    """
                    \(held) held because the storage type is not given: --node-type mysql or postgres releases them, \
                    --node-type spanner those whose data is an active record's
                    """, [:]
                )
            )
        }
        if summary.withheld > 0 {
            let changes = Figures.counted(summary.withheld, "change")
            lines.append(
                (
                    .warning,
                    """
                    No node accepted the master secret in this run, so nothing was committed: not made were \(changes), or \
                    more. See what the nodes answer
                    """, [:]
                )
            )
        }
        if let detail = summary.stopReason.detail {
            lines.append((summary.stopReason.isError ? .error : .notice, detail, [:]))
        }
        self.lines = lines
    }
}
