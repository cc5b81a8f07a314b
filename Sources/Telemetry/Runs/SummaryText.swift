package import Logging
package import Purging
import Support

/// A run's summary in words and as log metadata.
package struct SummaryText {
    private let summary: RunSummary

    package init(_ summary: RunSummary) { self.summary = summary }

    /// What ended, why, and after how long: `Run ended: complete, after 12.3 s`.
    package var title: String {
        let subject = summary.shard.map { " of shard \($0)" } ?? ""
        let took = Figures.duration(summary.duration)
        return "\(summary.isDryRun ? "Dry run" : "Run")\(subject) ended: \(summary.stopReason.name), after \(took)"
    }

    /// One sentence for programs' logs, whose fields have the rest.
    package var sentence: String {
        let deleted = Figures.counted(summary.deletedTotal, "record")
        var text = title + (summary.isDryRun ? "; \(deleted) to delete" : "; \(deleted) deleted")
        for (name, count) in [
            ("failed", summary.failedTotal), ("held", summary.heldTotal), ("skipped", summary.skippedTotal),
            ("waiting", summary.waitingTotal),
        ] where count > 0 {
            text += ", \(Figures.grouped(count)) \(name)"
        }
        return text
    }

    /// A few lines for people: the title, then a line for each thing that happened, its count aligned with the others.
    package var lines: [String] {
        let rows = rows
        let names = rows.map(\.name.count).max() ?? 0
        let counts = rows.map(\.count.count).max() ?? 0
        return [title]
            + rows.map { row in
                let name = row.name + String(repeating: " ", count: names - row.name.count)
                let count = String(repeating: " ", count: counts - row.count.count) + row.count
                return row.note.isEmpty ? "  \(name)  \(count)" : "  \(name)  \(count)  \(row.note)"
            }
            + [summary.auditHead].compactMap { $0 }.map { "  audit log sealed: head \($0)" }
    }

    private struct Row {
        let name: String
        let count: String
        let note: String
    }

    private var rows: [Row] {
        var rows: [Row] = []
        func add(_ name: String, _ count: Int, _ note: String, always: Bool = false) {
            if count > 0 || always { rows.append(Row(name: name, count: Figures.grouped(count), note: note)) }
        }
        let dry = summary.isDryRun
        let withData = Figures.grouped(summary.dataDeleted)
        add(
            dry ? "would delete" : "deleted",
            summary.deletedTotal,
            summary.dataDeleted == 0
                ? "" : dry ? "\(withData) with their data" : "\(withData) with their data, as their nodes confirmed",
            always: true
        )
        for (reason, count) in sorted(summary.failed) {
            add(dry ? "would fail" : "failed", count, "\(reason.rawValue): \(reason.remedy)")
        }
        add(
            "deferred",
            summary.deferred,
            "of the failed: tried again after a grace period; backlog --audit-log names them"
        )
        for (reason, count) in sorted(summary.held) { add("held", count, "\(reason.rawValue): \(remedy(reason))") }
        addSkipped(&rows)
        add("skipped", summary.short, "for want of connections on this machine")
        if summary.onDownedNodes == nil, summary.hasDownedNodes {
            // Of a shard nobody counts them.
            if summary.shard == nil {
                rows.append(Row(name: "waiting", count: "?", note: "node_down: \(WaitReason.nodeDown.remedy)"))
            }
        } else {
            add(
                "waiting",
                max(summary.onDownedNodes ?? 0, summary.waiting[.nodeDown] ?? 0),
                "node_down: \(WaitReason.nodeDown.remedy)"
            )
        }
        add(
            "waiting",
            summary.waiting[.tombstoneLast] ?? 0,
            "tombstone_last: \(WaitReason.tombstoneLast.remedy)"
        )
        add("changed", summary.changed, "since they were decided on")
        add("not as planned", summary.changedSincePlan, "changed since the plan was made")
        add("gone", summary.gone, "deleted before, by another program or an earlier run")
        return rows
    }

    /// Of nodes in trouble. Where no node accepted the secret, all was skipped, and the stop reason says why.
    private func addSkipped(_ rows: inout [Row]) {
        if summary.stopReason == .secretRefused || summary.stopReason == .secretUnproven { return }
        let nodes = summary.troubledNodes
        func text(_ node: RunSummary.NodeTrouble) -> String {
            let words = NodeGate.TroubleReason(rawValue: node.reason)?.text ?? node.reason
            let why = node.problem.map { " (\($0))" } ?? ""
            return "on \(node.url): \(words)\(why); see to the node, or mark it as down"
        }
        if nodes.allSatisfy({ $0.records != nil }) {
            for node in nodes {
                rows.append(Row(name: "skipped", count: Figures.grouped(node.records ?? 0), note: text(node)))
            }
        } else {
            let notes = nodes.map(text).joined(separator: "; ")
            let count = Figures.grouped(summary.skipped - summary.short)
            rows.append(Row(name: "skipped", count: count, note: "or more, \(notes)"))
        }
    }

    /// What the held records need, for logs whose last line has only the counts.
    var remedies: [(Logger.Level, String)] {
        sorted(summary.held).map { reason, count in
            (.notice, "\(Figures.counted(count, "record")) held (\(reason.rawValue)): \(remedy(reason))")
        }
    }

    private func remedy(_ reason: HoldReason) -> String {
        guard reason == .writtenSince, let ends = summary.holdsEnd else { return reason.remedy }
        let (first, last) = (WallTime(ends.lowerBound).date, WallTime(ends.upperBound).date)
        return reason.remedy
            + (first == last ? "; the hold ends on \(first)" : "; the holds end from \(first) to \(last)")
    }

    private func sorted<Reason: RawRepresentable<String>>(_ counts: [Reason: Int]) -> [(Reason, Int)] {
        counts.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key, $0.value) }
    }

    /// Of a dry run, the fields say what a run would do; `dry_run` tells.
    package var metadata: Logger.Metadata {
        var fields: Logger.Metadata = [
            "dry_run": .stringConvertible(summary.isDryRun),
            "stop_reason": .string(summary.stopReason.name),
            "duration_s": .stringConvertible(Double(summary.duration.wholeMilliseconds) / 1000),
            "passes": .stringConvertible(summary.passes),
            "cutoff_ms": .stringConvertible(summary.cutoff.rawValue),
            "records_read": .stringConvertible(summary.read),
            "requests_sent": .stringConvertible(summary.requests),
            "data_deleted": .stringConvertible(summary.dataDeleted),
            "records_deleted": .stringConvertible(summary.deletedTotal),
            "records_failed": .stringConvertible(summary.failedTotal),
            "records_deferred": .stringConvertible(summary.deferred),
            "records_held": .stringConvertible(summary.heldTotal),
            "records_skipped": .stringConvertible(summary.skippedTotal),
            "records_withheld": .stringConvertible(summary.withheld),
            "records_held_on_unknown_storage": .stringConvertible(summary.heldOnUnknownStorage),
            "records_changed": .stringConvertible(summary.changed),
            "records_gone": .stringConvertible(summary.gone),
        ]
        fields["audit_head"] = summary.auditHead.map { .string($0.description) }
        fields["shard"] = summary.shard.map { .string($0.description) }
        fields["records_waiting"] =
            summary.onDownedNodes == nil && summary.hasDownedNodes
            ? "unknown" : .stringConvertible(summary.waitingTotal)
        func counts<Reason: RawRepresentable<String>>(_ name: String, _ counts: [Reason: Int]) {
            let counted = sorted(counts).map { ($0.0.rawValue, Logger.MetadataValue.stringConvertible($0.1)) }
            if counted.isEmpty { return }
            fields[name] = .dictionary(Dictionary(counted, uniquingKeysWith: { first, _ in first }))
        }
        counts("deleted_by_type", summary.deleted)
        counts("failed_by_reason", summary.failed)
        counts("held_by_reason", summary.held)
        counts("waiting_by_reason", summary.waitingByReason)
        if summary.changedSincePlan > 0 {
            fields["records_changed_since_plan"] = .stringConvertible(summary.changedSincePlan)
        }
        if !summary.troubledNodes.isEmpty {
            fields["nodes_in_trouble"] = .array(summary.troubledNodes.map { .string($0.text) })
        }
        return fields
    }
}

extension RunSummary.NodeTrouble {
    /// Such as "https://sync-1.example.com (unreachable, 772 records left)".
    package var text: String {
        "\(url) (\(reason)\(records.map { ", \(Figures.counted($0, "record")) left" } ?? ""))"
    }
}
