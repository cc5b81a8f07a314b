package import CoreMetrics
package import Purging

/// Counts a run's events as metrics, under the names that the original's dashboards know.
///
/// Every label has few values; nodes and uids are none.
package struct MetricsObserver: RunObserver {
    private let isRehearsal: Bool
    private let backlogSize: Gauge
    private let backlogAge: Gauge
    private let heldSize: Gauge
    private let paused: Gauge
    private let batchFetched: Counter
    private let deferralFailed: Counter
    private let errorAnswered: Counter
    private let maxRecords: Counter
    private let override: Counter
    private let runSuccess: Counter
    private let runFailure: Counter
    private let runDuration: CoreMetrics.Timer
    private let dataDuration: CoreMetrics.Timer
    private let deletedUsers: [DeletionKind: Counter]
    private let deletedData: [DeletionKind: Counter]
    private let failures: [FailureReason: Counter]
    private let holds: [HoldReason: Counter]

    /// - Parameter isRehearsal: whether the runs are dry: then only the size and age of the backlog are facts.
    package init(factory: any MetricsFactory, isRehearsal: Bool) {
        self.isRehearsal = isRehearsal
        func counter(_ label: String, _ dimensions: [(String, String)] = []) -> Counter {
            Counter(label: label, dimensions: dimensions, factory: factory)
        }
        func counters<Tag: CaseIterable & RawRepresentable<String> & Hashable>(
            _ label: String,
            _ name: String,
            _: Tag.Type
        ) -> [Tag: Counter] {
            Dictionary(
                Tag.allCases.map { ($0, counter(label, [(name, $0.rawValue)])) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        backlogSize = Gauge(label: "purge.backlog.size", factory: factory)
        backlogAge = Gauge(label: "purge.backlog.oldest_age_s", factory: factory)
        heldSize = Gauge(label: "purge.held.size", factory: factory)
        paused = Gauge(label: "purge.paused", factory: factory)
        batchFetched = counter("purge.batch.fetched")
        deferralFailed = counter("row_failure_bump_failed")
        errorAnswered = counter("error.gone")
        maxRecords = counter("max_records")
        override = counter("override")
        runSuccess = counter("purge.run.success")
        runFailure = counter("purge.run.failure")
        runDuration = CoreMetrics.Timer(label: "purge.run.duration_ms", factory: factory)
        dataDuration = CoreMetrics.Timer(label: "delete_data.duration_ms", factory: factory)
        deletedUsers = counters("delete_user", "type", DeletionKind.self)
        deletedData = counters("delete_data", "type", DeletionKind.self)
        failures = counters("row_failure", "reason", FailureReason.self)
        holds = counters("row_held", "reason", HoldReason.self)
    }

    package func observe(_ event: RunEvent) {
        if case .backlogCounted(let size, let now) = event {
            backlogSize.record(size.purgeable)
            backlogAge.record(size.oldest.map { max(0, now.since($0).inSeconds) } ?? 0)
        } else if !isRehearsal {
            count(event)
        }
    }

    private func count(_ event: RunEvent) {
        switch event {
        case .pageRead: batchFetched.increment()
        case .dataDeleted(_, _, let kind, let elapsed):
            deletedData[kind]?.increment()
            dataDuration.recordNanoseconds(elapsed.wholeNanoseconds)
        case .recordDeleted(_, _, let kind): deletedUsers[kind]?.increment()
        case .recordHeld(_, _, let reason, _): holds[reason]?.increment()
        case .recordFailed(_, _, let reason): failures[reason]?.increment()
        case .deferralFailed: deferralFailed.increment()
        case .errorAnswered: errorAnswered.increment()
        case .deletionRedirected: override.increment()
        case .paused(let reason): paused.record(reason == nil ? 0 : 1)
        case .limitReached: maxRecords.increment()
        case .notBegun: runFailure.increment()
        case .finished(let summary): finished(summary)
        case .started, .backlogCountBegan, .backlogCounted, .backlogNotCounted, .recordChanged, .nodeChanged,
            .nodeMalformed, .recordMalformed, .answered, .databaseRefused, .requestsLimited, .machineShort, .progressed:
            break
        }
    }

    private func finished(_ summary: RunSummary) {
        paused.record(0)
        // A run that ended early, or of a shard, saw only a part of what is held.
        if summary.stopReason == .complete, summary.shard == nil {
            heldSize.record(summary.heldTotal)
        }
        (summary.stopReason.isError ? runFailure : runSuccess).increment()
        runDuration.recordNanoseconds(summary.duration.wholeNanoseconds)
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        components.seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue
            + components.attoseconds / 1_000_000_000
    }
}
