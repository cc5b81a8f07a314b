package import Purging

/// One run that has ended, as JSON: in `/status`, and as the result of a one-shot run. Its schema is docs/schema/run.schema.json.
package struct RunDocument: Encodable {
    struct NodeTrouble: Encodable {
        let url: String
        let reason: String
        /// What it answered last, in words.
        let problem: String?
        /// Obsolete records of the node that were still there at the run's end; nil if they were not counted.
        let recordsLeft: Int?
    }

    let endedAt: String
    let durationS: Double
    let stopReason: String
    let detail: String?
    let dryRun: Bool
    let shard: String?
    /// Records that were replaced later than this are not purged yet.
    let cutoff: String?
    let requestsSent: Int
    let recordsRead: Int
    /// Nil for a dry run, which deletes nothing.
    let recordsDeleted: Int?
    let dataDeleted: Int?
    /// What a dry run found to delete.
    let wouldDelete: Int?
    let recordsHeld: Int
    let heldByReason: [String: Int]
    let recordsFailed: Int
    let failedByReason: [String: Int]
    let recordsDeferred: Int
    let recordsSkipped: Int
    /// Nil if those of downed nodes could not be counted.
    let recordsWaiting: Int?
    let waitingByReason: [String: Int]
    let deletedByType: [String: Int]
    let recordsWithheld: Int
    let recordsChanged: Int
    let recordsGone: Int
    let nodesInTrouble: [NodeTrouble]
    /// Where the audit log ends: `NUMBER:HASH`.
    let auditHead: String?

    package init(_ summary: RunSummary, endedAt: Timestamp) {
        self.endedAt = endedAt.rfc3339
        durationS = summary.duration.inSeconds
        stopReason = summary.stopReason.name
        detail = summary.stopReason.detail
        dryRun = summary.isDryRun
        shard = summary.shard?.description
        cutoff = summary.cutoff.rawValue == 0 ? nil : summary.cutoff.rfc3339
        requestsSent = summary.requests
        recordsRead = summary.read
        recordsDeleted = summary.isDryRun ? nil : summary.deletedTotal
        dataDeleted = summary.isDryRun ? nil : summary.dataDeleted
        wouldDelete = summary.isDryRun ? summary.deletedTotal : nil
        recordsHeld = summary.heldTotal
        heldByReason = summary.held.byName
        recordsFailed = summary.failedTotal
        failedByReason = summary.failed.byName
        recordsDeferred = summary.deferred
        recordsSkipped = summary.skippedTotal
        recordsWaiting = summary.onDownedNodes == nil && summary.hasDownedNodes ? nil : summary.waitingTotal
        waitingByReason = summary.waitingByReason.byName
        deletedByType = summary.deleted.byName
        recordsWithheld = summary.withheld
        recordsChanged = summary.changed + summary.changedSincePlan
        recordsGone = summary.gone
        auditHead = summary.auditHead?.description
        nodesInTrouble = summary.troubledNodes.map {
            .init(url: $0.url, reason: $0.reason, problem: $0.problem, recordsLeft: $0.records)
        }
    }
}
