/// A run that only reads: it decides about the whole backlog and counts what a purge would do.
///
/// It is given a ``BacklogSource``, which cannot write, and no client, so it cannot send.
package struct DryRun: Sendable {
    /// Reading more at a time than a purge does no harm here, and is quicker.
    private static let smallestPage = 500

    let source: any BacklogSource
    let counter: any BacklogCounter
    let options: RunOptions
    let policy: PurgePolicy
    let observer: any RunObserver
    let time: any TimeSource
    let stopSignal: StopSignal
    /// Where the plan is written; nil for nowhere.
    let plan: (any PlanSink)?

    package init(
        source: any BacklogSource,
        counter: any BacklogCounter,
        options: RunOptions,
        policy: PurgePolicy,
        observer: any RunObserver,
        time: any TimeSource,
        stopSignal: StopSignal,
        plan: (any PlanSink)? = nil
    ) {
        self.source = source
        self.counter = counter
        self.options = options
        self.policy = policy
        self.observer = observer
        self.time = time
        self.stopSignal = stopSignal
        self.plan = plan
    }

    package func run() async -> RunSummary {
        let started = time.now
        observer.observe(.started(options.shard))
        var summary = RunSummary()
        summary.isDryRun = true
        summary.shard = options.shard
        do {
            try await decide(started: started, into: &summary)
        } catch let error as ImplausibleNodes {
            summary.stopReason = .nodesImplausible(error.description)
        } catch is BacklogPass.LoopDetected {
            summary.stopReason = .loopDetected
        } catch let error as PlanFailure {
            summary.stopReason = .planFailed(error.description)
        } catch {
            summary.stopReason = .storeFailed(String(describing: error))
        }
        if summary.stopReason != .complete, summary.stopReason != .maxRecords { await plan?.discard() }
        summary.duration = time.now - started
        observer.observe(.finished(summary))
        return summary
    }

    private func decide(started: ContinuousClock.Instant, into summary: inout RunSummary) async throws {
        let prepared = try await stopSignal.unlessRequested {
            try await RunPreparation(source: source, policy: policy, options: options, time: time)
        }
        guard let preparation = prepared else {
            summary.stopReason = .stopRequested
            return
        }
        summary.cutoff = preparation.cutoff
        summary.clockSkew = preparation.clockSkew
        try await plan?.begin(cutoff: preparation.cutoff)
        let count = BacklogCount(
            counter: counter,
            options: options,
            policy: policy,
            cutoff: preparation.cutoff,
            observer: observer,
            time: time
        )
        let (_, waiting) = try await count.beside(stopSignal: stopSignal) {
            try await survey(preparation, started: started, into: &summary)
        }
        summary.onDownedNodes = waiting
        // A plan that was stopped halfway is none.
        if summary.stopReason != .stopRequested, summary.stopReason != .maxRuntime { try await plan?.complete() }
        summary.hasDownedNodes = !policy.forcesDownedNodes && !preparation.directory.downed.isEmpty
    }

    private func survey(
        _ preparation: RunPreparation,
        started: ContinuousClock.Instant,
        into summary: inout RunSummary
    ) async throws {
        let planner = PurgePlanner(policy: policy)
        let scope = options.scope(cutoff: preparation.cutoff)
        let survey = BacklogSurvey(
            reader: preparation.reader,
            planner: planner,
            scope: scope,
            pageSize: max(options.pageSize, Self.smallestPage),
            skipsDownedNodes: !policy.forcesDownedNodes,
            order: options.order
        )
        var budget = SendBudget(total: options.maxRecords)
        var planned: [PlannedRecord] = []
        var reportedNodes: Set<NodeID> = []
        try await survey.forEach { entry, decided, directory in
            // A plan is carried out as it is, decision by decision.
            let action = plan == nil ? planner.eventualAction(for: entry, in: directory, scope: scope) : decided
            if case .purge = action, budget.isExhausted {
                summary.stopReason = .maxRecords
                observer.observe(.limitReached)
                return false
            }
            summary.read += 1
            if plan != nil { planned.append(PlannedRecord(entry, action)) }
            summary.note(action, budget: &budget)
            if case .fail = action { reportMalformed(entry.record, in: directory, planner, &reportedNodes) }
            if case .hold(let reason) = action {
                if directory[entry.record.nodeID]?.keying == .unknown { summary.heldOnUnknownStorage += 1 }
                observer.observe(.recordHeld(entry.record.uid, entry.record.nodeID, reason, until: nil))
            }
            return true
        } afterPage: { records in
            try await plan?.append(planned)
            planned.removeAll(keepingCapacity: true)
            observer.observe(.pageRead(records: records))
            observer.observe(
                .progressed(done: summary.deletedTotal, held: summary.heldTotal, failed: summary.failedTotal)
            )
            if stopSignal.isRequested {
                summary.stopReason = .stopRequested
            } else if summary.stopReason == .complete, let limit = options.maxRuntime, time.now - started >= limit {
                summary.stopReason = .maxRuntime
            }
            return summary.stopReason == .complete
        }
    }

    /// Names what makes a record malformed, and a node's URL once.
    private func reportMalformed(
        _ record: UserRecord,
        in directory: NodeDirectory,
        _ planner: PurgePlanner,
        _ reportedNodes: inout Set<NodeID>
    ) {
        if let problem = planner.problem(of: record) {
            observer.observe(.recordMalformed(record.uid, record.nodeID, problem: problem))
        } else if let problem = directory[record.nodeID]?.problem, reportedNodes.insert(record.nodeID).inserted {
            observer.observe(.nodeMalformed(record.nodeID, problem: problem))
        }
    }
}

extension RunSummary {
    /// Counts what a purge would do.
    fileprivate mutating func note(_ action: PurgeAction, budget: inout SendBudget) {
        switch action {
        case .purge(let deletion):
            budget.reserve()
            dataDeleted += 1
            deleted[deletion.kind, default: 0] += 1
        case .deleteRecord(let kind): deleted[kind, default: 0] += 1
        case .hold(let reason): held[reason, default: 0] += 1
        case .wait(let reason): waiting[reason, default: 0] += 1
        case .fail(let reason): failed[reason, default: 0] += 1
        }
    }
}
