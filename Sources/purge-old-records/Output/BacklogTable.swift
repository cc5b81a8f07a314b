import Purging
import Support
import SyncTokens
import Telemetry

/// The report on the backlog as a table for people.
struct BacklogTable {
    let report: BacklogReport
    let database: String
    /// When the audit log ends that the nodes' answers are from; nil if none was given.
    let asOf: String?

    var text: String {
        var lines = ["Backlog of \(database)"]
        if report.isPartial {
            lines.append("(stopped before the end: these are the counts up to there)")
        }
        if report.total.total == 0, report.deferred.isEmpty, !report.isPartial {
            let since = WallTime(report.cutoff).readable
            return "There is nothing to purge in \(database): no record was replaced before \(since)"
        }
        lines += [""] + table("NODE", nodeRows + [("total", report.total)])
        let ages = BacklogReport.Age.allCases.compactMap { age in report.byAge[age].map { (age.label, $0) } }
        lines += [""] + table("REPLACED", ages)
        let causes = ObsolescenceCause.allCases.compactMap { cause in report.byCause[cause].map { (cause.rawValue, $0) }
        }
        lines += [""] + table("CAUSE", causes)
        lines += section("HELD", report.held.map { ($0.key.rawValue, $0.value, $0.key.remedy) })
        lines += section("WAITING", report.waiting.map { ($0.key.rawValue, $0.value, $0.key.remedy) })
        if report.malformed.count > 0 {
            lines += section("MALFORMED", [("malformed", report.malformed, FailureReason.malformed.remedy)])
        }
        lines += section(
            "DEFERRED AFTER A FAILURE, FOR A GRACE PERIOD",
            report.deferred.map { ($0.key, $0.value, Self.remedy($0.key) ?? "") }
        )
        if let asOf {
            let answers = report.answered.map { ($0.key, $0.value, Self.remedy($0.key) ?? "") }
            lines += section("LAST ANSWERS OF NODES, AS OF \(asOf)", answers)
            if answers.isEmpty, report.deferred.isEmpty {
                lines += ["", "The audit log, which ends at \(asOf), names no record that is still there"]
            }
        }
        return lines.joined(separator: "\n")
    }

    /// What can be done about what a node said.
    static func remedy(_ reason: String) -> String? {
        HoldReason(rawValue: reason)?.remedy ?? FailureReason(rawValue: reason)?.remedy
    }

    private func section(_ title: String, _ rows: [(String, BacklogReport.Tally, String)]) -> [String] {
        if rows.isEmpty { return [] }
        let heading = "  \(right("RECORDS", 9)) \(right("OLDEST", 9))  WHAT TO DO"
        // A long title has a line of its own.
        let head = title.count <= 14 ? [padded(title, 14) + heading] : [title, padded("", 14) + heading]
        return [""] + head
            + rows.sorted { $0.0 < $1.0 }.map { name, tally, remedy in
                "\(padded(name, 14))  \(right(Figures.grouped(tally.count), 9)) \(right(age(tally.oldest), 9))  \(remedy)"
            }
    }

    private var nodeRows: [(String, BacklogReport.Row)] {
        report.byNode.sorted { $0.key < $1.key }.map { id, row in
            guard let node = report.nodes[id] else { return ("node \(id), gone", row) }
            // What is stored as a URL may be anything, a password included.
            let name = (try? ServiceURL(node.url))?.text ?? "node \(id), malformed URL"
            return (name + (node.isDowned ? ", down" : ""), row)
        }
    }

    private func table(_ title: String, _ rows: [(String, BacklogReport.Row)]) -> [String] {
        let width = max(title.count, rows.map(\.0.count).max() ?? 0)
        let head = [("PURGEABLE", 11), ("WAITING", 11), ("HELD", 9), ("MALFORMED", 10), ("OLDEST", 10)]
        let heading = padded(title, width) + head.map { right($0.0, $0.1) }.joined()
        return [heading]
            + rows.map { name, row in
                let cells =
                    [row.purgeable, row.waiting, row.held, row.malformed].map(Figures.grouped) + [age(row.oldest)]
                return padded(name, width) + zip(cells, head).map { right($0, $1.1) }.joined()
            }
    }

    private func age(_ oldest: Timestamp?) -> String {
        guard let oldest else { return "-" }
        let hours = Int(max(0, report.now.since(oldest).inSeconds) / 3600)
        return hours < 48 ? "\(hours) h" : "\(Figures.grouped(hours / 24)) d"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
