import Purging
import Synchronization

/// A plan in memory: a dry run writes it, a run carries it out.
final class HistoryPlan: PlanSink, PurgePlan {
    private struct State {
        var cutoff = Timestamp(0)
        var records: [PlannedRecord] = []
        var isComplete = false
    }

    private let state = Mutex(State())

    /// Nil if the dry run didn't end well.
    var completed: HistoryPlan? { state.withLock(\.isComplete) ? self : nil }

    var cutoff: Timestamp { state.withLock(\.cutoff) }

    /// The uids whose data, or whose record alone, may be deleted.
    func names(_ uid: Int64, verbs: [PlannedRecord.Verb]) -> Bool {
        state.withLock { $0.records.contains { $0.uid == UID(uid) && verbs.contains($0.verb) } }
    }

    func begin(cutoff: Timestamp) async throws { state.withLock { $0.cutoff = cutoff } }

    func append(_ records: [PlannedRecord]) async throws { state.withLock { $0.records += records } }

    func complete() async throws { state.withLock { $0.isComplete = true } }

    func discard() async { state.withLock { $0 = State() } }

    func lines(after position: Int64?, limit: Int) async throws -> [(position: Int64, record: PlannedRecord)] {
        state.withLock(\.records).enumerated().map { (position: Int64($0.offset), record: $0.element) }
            .filter { $0.position > position ?? -1 }.prefix(limit).map { $0 }
    }
}
