import Journals
import Purging
import Support

/// What audit logs say, for people.
struct AuditText {
    let report: AuditReport

    var summary: String {
        var lines = [
            "\(Figures.counted(report.intents, "intent")), from \(report.first ?? "-") to \(report.last ?? "-")"
        ]
        func add(_ title: String, _ counts: [String: Int]) {
            for (word, count) in counts.sorted(by: { $0.key < $1.key }) {
                lines.append("\(title) \(word): \(count)")
            }
        }
        lines.append("outcomes: \(report.outcomes)")
        add("data", report.byData)
        add("record", report.byRecord)
        add("because of", report.byReason)
        let closed = report.closedLater.values.reduce(0, +)
        if closed > 0 { lines.append("closed by a later run: \(closed)") }
        add("closed by a later run, record", report.closedLater)
        if report.strays > 0 { lines.append("outcomes whose intent is in none of these files: \(report.strays)") }
        if report.unreadable > 0 { lines.append("lines that could not be read: \(report.unreadable)") }
        lines.append("intents without an outcome: \(report.open.count)")
        lines += report.open.map { "  \($0.time) uid \($0.uid)\(place($0))" }
        return lines.joined(separator: "\n")
    }

    func lines(about uids: Set<Int64>) -> String {
        let lines = report.asked.map { line in
            line.event == .intent
                ? "\(line.time) uid \(line.uid): about to delete \(line.target == nil ? "the record" : "the data")\(place(line))"
                : "\(line.time) uid \(line.uid): \(outcome(line))"
        }
        let known = Set(report.asked.map(\.uid))
        let unknown = uids.subtracting(known).sorted().map { "uid \($0): these files say nothing of it" }
        return (lines + unknown).joined(separator: "\n")
    }

    private func place(_ line: AuditLine) -> String {
        line.target.map { " on \($0)" } ?? " (\(line.kind), node \(line.nodeID))"
    }

    private func moment(_ seconds: Double) -> String {
        guard (0...1e11).contains(seconds) else { return "\(seconds)" }
        return WallTime(sinceEpoch: .milliseconds(Int64(seconds * 1000))).rfc3339Seconds
    }

    private func outcome(_ line: AuditLine) -> String {
        var parts: [String] = []
        switch line.data.flatMap(AuditOutcome.DataFate.init) {
        case .deleted: parts.append("data deleted\(place(line))")
        case .notOwn: parts.append("no data of its own (\(line.kind))")
        case .unknown: parts.append("data may be deleted\(place(line)), but that was not confirmed")
        case .unaddressable: parts.append("the data can't be addressed, and stays where it is")
        case .kept, nil: parts.append("data not deleted")
        }
        if let status = line.status { parts.append("status \(status)") }
        for receipt in line.receipts ?? [] {
            parts.append(receipt == 0 ? "nothing was stored" : "last written at \(moment(receipt))")
        }
        if let requests = line.requests, requests > 0 {
            parts.append("\(requests) request\(requests == 1 ? "" : "s") in \(line.durationMilliseconds ?? 0) ms")
        }
        parts.append("record \(line.record ?? "?")")
        if let reason = line.reason { parts.append("because of \(reason)") }
        if let run = line.closedBy { parts.append("by run \(run), after run \(line.run) had died") }
        return parts.joined(separator: ", ")
    }
}
