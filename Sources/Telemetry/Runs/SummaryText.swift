import Logging
import Purging

/// A run's summary in words and as log metadata.
struct SummaryText {
    private let summary: RunSummary

    init(_ summary: RunSummary) { self.summary = summary }

    /// One sentence for people.
    var sentence: String {
        let would = summary.isDryRun
        var parts = [
            would
                ? "would delete \(summary.deletedTotal) records (\(summary.dataDeleted) with their data on a node)"
                : "deleted \(summary.deletedTotal) records (\(summary.dataDeleted) data deletions confirmed by nodes)"
        ]
        func add(_ count: Int, _ text: String) {
            if count > 0 { parts.append("\(count) \(text)") }
        }
        add(summary.failedTotal, would ? "would fail" : "failed")
        add(summary.heldTotal, "held")
        add(summary.untouched - summary.short, "left untouched on nodes in trouble")
        add(summary.short, "left untouched for want of connections on this machine")
        add(summary.waiting[.tombstoneLast] ?? 0, "wait for their account's other records")
        if summary.onDownedNodes == nil, summary.hasDownedNodes {
            parts.append("an unknown number wait for downed nodes")
        } else {
            add(max(summary.onDownedNodes ?? 0, summary.waiting[.nodeDown] ?? 0), "wait for downed nodes")
        }
        add(summary.withheld, "not changed as no node accepted the secret")
        add(summary.changed, "changed meanwhile and left alone")
        add(summary.changedSincePlan, "not as the plan has them, and left alone")
        add(summary.gone, "already settled by someone else")
        let subject = summary.shard.map { " of shard \($0)" } ?? ""
        let title = (would ? "Dry run" : "Run") + subject
        return "\(title) ended (\(summary.stopReason.name)): \(parts.joined(separator: ", ")), in \(seconds) s"
    }

    var metadata: Logger.Metadata {
        var fields: Logger.Metadata = [
            "dry_run": .stringConvertible(summary.isDryRun),
            "stop_reason": .string(summary.stopReason.name),
            "duration_s": .stringConvertible(Double(summary.duration.wholeMilliseconds) / 1000),
            "sweeps": .stringConvertible(summary.sweeps),
            "cutoff_ms": .stringConvertible(summary.cutoff.rawValue),
            "records_read": .stringConvertible(summary.read),
            "requests_sent": .stringConvertible(summary.requests),
            "data_deleted": .stringConvertible(summary.dataDeleted),
            "records_deleted": .stringConvertible(summary.deletedTotal),
            "records_failed": .stringConvertible(summary.failedTotal),
            "records_deferred": .stringConvertible(summary.deferred),
            "records_held": .stringConvertible(summary.heldTotal),
            "records_untouched": .stringConvertible(summary.untouched),
            "records_withheld": .stringConvertible(summary.withheld),
            "records_held_on_unknown_storage": .stringConvertible(summary.heldOnUnknownStorage),
            "records_changed": .stringConvertible(summary.changed),
            "records_gone": .stringConvertible(summary.gone),
        ]
        fields["shard"] = summary.shard.map { .string($0.description) }
        fields["records_waiting"] =
            summary.onDownedNodes == nil && summary.hasDownedNodes
            ? "unknown" : .stringConvertible(summary.waitingTotal)
        func counts<Reason: RawRepresentable<String>>(_ name: String, _ counts: [Reason: Int]) {
            let counted = counts.filter { $0.value > 0 }
            if counted.isEmpty { return }
            fields[name] = .dictionary(
                Dictionary(
                    counted.map { ($0.key.rawValue, .stringConvertible($0.value)) },
                    uniquingKeysWith: { first, _ in first }
                )
            )
        }
        counts("deleted_by_type", summary.deleted)
        counts("failed_by_reason", summary.failed)
        counts("held_by_reason", summary.held)
        counts("waiting_by_reason", summary.waiting)
        if summary.changedSincePlan > 0 {
            fields["records_changed_since_plan"] = .stringConvertible(summary.changedSincePlan)
        }
        if !summary.troubledNodes.isEmpty {
            fields["nodes_in_trouble"] = .array(summary.troubledNodes.map { .string("\($0.url) (\($0.reason))") })
        }
        return fields
    }

    private var seconds: String {
        let tenths = summary.duration.wholeMilliseconds / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
