/// What is in the backlog, by node and by age, read-only: the subcommand `backlog`.
package struct BacklogReport: Sendable {
    /// How long ago records were replaced.
    package enum Age: Int, Sendable, CaseIterable {
        case day, week, month, quarter, year, older

        /// The age class of a record that was replaced this long ago.
        package init(of age: Duration) {
            let days = age.inSeconds / 86_400
            switch days {
            case ..<1: self = .day
            case ..<7: self = .week
            case ..<30: self = .month
            case ..<90: self = .quarter
            case ..<365: self = .year
            default: self = .older
            }
        }

        package var label: String {
            switch self {
            case .day: "under 1 day"
            case .week: "1 to 7 days"
            case .month: "7 to 30 days"
            case .quarter: "30 to 90 days"
            case .year: "90 to 365 days"
            case .older: "over 365 days"
            }
        }
    }

    /// Counts of one group of records.
    package struct Row: Sendable, Equatable {
        package var purgeable = 0
        /// On a node that is marked as down, or the last record of a deleted account that needs it still.
        package var waiting = 0
        package var held = 0
        package var malformed = 0
        /// When the oldest of them was replaced.
        package var oldest: Timestamp?

        package var total: Int { purgeable + waiting + held + malformed }
    }

    /// How many, and the oldest of them.
    package struct Tally: Sendable, Equatable {
        package private(set) var count = 0
        /// When the oldest of them was replaced.
        package private(set) var oldest: Timestamp?

        mutating func note(_ replacedAt: Timestamp) {
            count += 1
            oldest = min(oldest ?? replacedAt, replacedAt)
        }
    }

    /// One record that isn't simply purgeable, or about which its node had something to say.
    package struct Exception: Sendable {
        package let planned: PlannedRecord
        package let cause: ObsolescenceCause
        /// Why its last attempt ended as it did, by an audit log.
        package let lastAnswer: String?
        /// Which field makes it malformed, and how; nil if none does.
        package var problem: String?
        /// It failed, and is tried again from then on; nil if it is in the backlog now.
        package var deferredUntil: Timestamp?
    }

    package private(set) var total = Row()
    package private(set) var byCause: [ObsolescenceCause: Row] = [:]
    package private(set) var byNode: [NodeID: Row] = [:]
    package private(set) var byAge: [Age: Row] = [:]
    package private(set) var held: [HoldReason: Tally] = [:]
    package private(set) var waiting: [WaitReason: Tally] = [:]
    package private(set) var malformed = Tally()
    /// What only the nodes could tell, by an audit log, of records that are still there.
    package private(set) var answered: [String: Tally] = [:]
    /// Records that failed and are not in the backlog now, by why they failed.
    package private(set) var deferred: [String: Tally] = [:]
    package private(set) var nodes: [NodeID: Node] = [:]
    package private(set) var now = Timestamp(0)
    package private(set) var cutoff = Timestamp(0)
    /// Whether it was stopped before the end of the backlog.
    package private(set) var isPartial = false

    /// Goes through the whole backlog. Memory does not grow with it.
    ///
    /// - Throws: ``StoreError``, ``ImplausibleNodes``, ``BacklogPass/LoopDetected``, and what `each` throws.
    package init(
        source: any BacklogSource,
        options: RunOptions,
        policy: PurgePolicy,
        time: any TimeSource,
        stopSignal: StopSignal,
        lastAnswer: (UID) -> String? = { _ in nil },
        failed: [UID] = [],
        each: (Exception) throws -> Void = { _ in },
        progress: @Sendable (Int) -> Void
    ) async throws {
        let preparation = try await RunPreparation(source: source, policy: policy, options: options, time: time)
        cutoff = preparation.cutoff
        now = cutoff.advanced(by: options.gracePeriod)
        nodes = preparation.directory.places.mapValues(\.node)
        let planner = PurgePlanner(policy: policy)
        let scope = options.scope(cutoff: cutoff)
        let survey = BacklogSurvey(
            reader: preparation.reader,
            planner: planner,
            scope: scope,
            pageSize: max(options.pageSize, 1000),
            skipsDownedNodes: false
        )
        try await survey.forEach { entry, _, directory in
            let action = planner.eventualAction(for: entry, in: directory, scope: scope)
            let planned = PlannedRecord(entry, action)
            let answer = lastAnswer(entry.record.uid)
            note(entry, action)
            if let answer { answered[answer, default: Tally()].note(entry.replacedAt) }
            if !planned.isChange || answer != nil {
                var exception = Exception(planned: planned, cause: entry.cause, lastAnswer: answer)
                if case .fail = action {
                    exception.problem =
                        planner.problem(of: entry.record)
                        ?? directory[entry.record.nodeID]?.problem.map { "its node's URL is not valid: \($0)" }
                }
                try each(exception)
            }
            return true
        } afterPage: { _ in
            progress(total.total)
            isPartial = stopSignal.isRequested
            return !isPartial
        }
        for start in stride(from: 0, to: isPartial ? 0 : failed.count, by: Self.readAtOnce) {
            if stopSignal.isRequested {
                isPartial = true
                break
            }
            let uids = Array(failed[start..<min(start + Self.readAtOnce, failed.count)])
            for entry in try await source.entries(uids, scope: options.scope(cutoff: Timestamp(.max))) {
                guard entry.replacedAt >= cutoff, let answer = lastAnswer(entry.record.uid) else { continue }
                deferred[answer, default: Tally()].note(entry.replacedAt)
                let action = planner.action(for: entry, in: preparation.directory)
                var exception = Exception(
                    planned: PlannedRecord(entry, action),
                    cause: entry.cause,
                    lastAnswer: answer
                )
                exception.deferredUntil = entry.replacedAt.advanced(by: options.gracePeriod)
                try each(exception)
            }
        }
    }

    /// Deferred records that are looked up at once.
    private static let readAtOnce = 500

    private mutating func note(_ entry: BacklogEntry, _ action: PurgeAction) {
        switch action {
        case .hold(let reason): held[reason, default: Tally()].note(entry.replacedAt)
        case .wait(let reason): waiting[reason, default: Tally()].note(entry.replacedAt)
        case .fail: malformed.note(entry.replacedAt)
        case .purge, .deleteRecord: break
        }
        byCause[entry.cause, default: Row()].note(entry, action)
        total.note(entry, action)
        byNode[entry.record.nodeID, default: Row()].note(entry, action)
        byAge[Age(of: now.since(entry.replacedAt)), default: Row()].note(entry, action)
    }
}

extension BacklogReport.Row {
    fileprivate mutating func note(_ entry: BacklogEntry, _ action: PurgeAction) {
        switch action {
        case .purge, .deleteRecord: purgeable += 1
        case .wait: waiting += 1
        case .hold: held += 1
        case .fail: malformed += 1
        }
        oldest = min(oldest ?? entry.replacedAt, entry.replacedAt)
    }
}
