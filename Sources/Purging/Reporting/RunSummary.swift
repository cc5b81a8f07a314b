/// What a run did: counts of what happened, never of what was intended, except in a dry run, which says so.
package struct RunSummary: Sendable {
    /// A node that was in trouble, and how.
    package struct NodeTrouble: Sendable, Equatable {
        package let url: String
        package let reason: String
        /// What it answered last, in words; nil if that is not known.
        package let problem: String?
        /// Whose data lies there.
        package let nodes: [NodeID]
        /// Records of these nodes that the run counted as held, waiting or failed, and left there.
        package let kept: Int
        /// Records of these nodes that were skipped, as counted at the run's end; nil if they were not counted.
        package var records: Int?

        package init(
            url: String,
            reason: String,
            problem: String? = nil,
            nodes: [NodeID] = [],
            kept: Int = 0,
            records: Int? = nil
        ) {
            self.url = url
            self.reason = reason
            self.problem = problem
            self.nodes = nodes
            self.kept = kept
            self.records = records
        }
    }

    /// Whether the counts say what would be done, as nothing was.
    package var isDryRun = false
    /// The share of the backlog that this run was about; nil for all of it.
    package var shard: Shard?
    package var stopReason = StopReason.complete
    package var duration = Duration.zero
    package var passes = 1
    package var cutoff = Timestamp(0)
    /// The database's clock minus this machine's.
    package var clockSkew = Duration.zero
    /// By how much this machine's clock is ahead of what counted, by the word of the storage nodes, or of the monotonic clock
    /// since the run before; 0 if it isn't.
    package var clockAhead = Duration.zero

    /// Records decided on.
    package var read = 0
    /// Requests sent to nodes, each attempt counted.
    package var requests = 0
    /// Records whose data a node confirmed as deleted.
    package var dataDeleted = 0
    /// Records deleted, by why they could be.
    package var deleted: [DeletionKind: Int] = [:]
    /// Records that failed, by reason.
    package var failed: [FailureReason: Int] = [:]
    /// Failed records that were moved behind the others.
    package var deferred = 0
    /// Records held, by reason.
    package var held: [HoldReason: Int] = [:]
    /// When the holds that end by themselves do so, the first and the last of them; nil if none does.
    package var holdsEnd: ClosedRange<Timestamp>?
    /// Of these, the ones that are held only because nobody said what their storage runs on.
    package var heldOnUnknownStorage = 0
    /// Changes that were not made as no node accepted the secret, as far as they were seen.
    package var withheld = 0
    /// Records that wait for something else, by reason, as far as they were read.
    package var waiting: [WaitReason: Int] = [:]
    /// Records on nodes that are marked as down, counted in the database; nil if that could not be counted.
    package var onDownedNodes: Int? = 0
    /// Whether some node is marked as down and not forced, so that records may wait for it.
    package var hasDownedNodes = false
    /// Records that were read and skipped: their node was in trouble, or this machine short of connections.
    package var skipped = 0
    /// Those of them that this machine was too short of connections for.
    package var short = 0
    /// Records that changed between decision and settling, and were left alone.
    package var changed = 0
    /// Records that the plan names, but which are not any more as it has them, or about which something else would be
    /// decided now; left alone.
    package var changedSincePlan = 0
    /// Records that were deleted before: by another program, or by an earlier run of a plan.
    package var gone = 0
    /// Nodes in trouble at the end of the run, or with records that were skipped.
    package var troubledNodes: [NodeTrouble] = []
    /// Where the audit log ends; nil if there is none, or nothing was written to it.
    package var auditHead: AuditHead?

    package init() {}

    package var deletedTotal: Int { deleted.values.reduce(0, +) }
    package var failedTotal: Int { failed.values.reduce(0, +) }
    /// Records that were skipped: as many as were read of nodes in trouble, or as many as were counted there at the end.
    package var skippedTotal: Int {
        max(skipped, short + troubledNodes.compactMap(\.records).reduce(0, +))
    }
    /// Whether the run left records that it should have purged.
    var leavesSomething: Bool { skipped > 0 || withheld > 0 || !troubledNodes.isEmpty }
    package var heldTotal: Int { held.values.reduce(0, +) }
    package var waitingTotal: Int { waitingByReason.values.reduce(0, +) }
    /// As far as they were read or counted.
    package var waitingByReason: [WaitReason: Int] {
        var all = waiting
        all[.nodeDown] = max(onDownedNodes ?? 0, waiting[.nodeDown] ?? 0)
        return all
    }

    /// More than a minute between the clocks is worth a warning.
    package var clocksDisagree: Bool { clockSkew > .seconds(60) || clockSkew < .seconds(-60) }

    /// The exit code that tells the truth about this run.
    ///
    /// - Parameter isStrict: whether held and waiting records and limits count as failures too.
    package func exitCode(isStrict: Bool) -> Int32 {
        if stopReason.isError { return 1 }
        if stopReason == .stopRequested { return 0 }
        if failedTotal > 0 || leavesSomething { return 3 }
        if isStrict {
            let mayWait = waitingTotal > 0 || (hasDownedNodes && onDownedNodes == nil)
            if heldTotal > 0 || mayWait || stopReason == .maxRecords || stopReason == .maxRuntime { return 3 }
        }
        return 0
    }
}
