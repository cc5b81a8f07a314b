import Purging
import Support
import Synchronization

/// The ledger as statsd is told it, under the names that the original's dashboards know: what was counted since it was asked
/// last as sums, values that are new, and single times.
///
/// Every tag has few values; nodes and uids are none.
package final class StatsdExport: Sendable {
    private static let prefix = "tokenserver."

    private let ledger: RunLedger
    private let isRehearsal: Bool
    private let ageObjective: Duration?
    private let told: Mutex<RunLedger.Snapshot>

    /// - Parameter isRehearsal: whether the runs are dry: then only the size and age of the backlog are facts.
    package init(ledger: RunLedger, isRehearsal: Bool, ageObjective: Duration?) {
        self.ledger = ledger
        self.isRehearsal = isRehearsal
        self.ageObjective = ageObjective
        told = Mutex(RunLedger.Snapshot())
    }

    /// Lines of the protocol, without newlines, for what happened since it was asked last.
    package func lines() -> [String] {
        told.withLock { told in
            let (before, now) = (told, ledger.snapshot)
            told = now
            let backlog = backlog(before, now)
            if isRehearsal { return backlog }
            return backlog + counters(before, now) + gauges(before, now) + timings()
        }
    }

    private func backlog(_ before: RunLedger.Snapshot, _ now: RunLedger.Snapshot) -> [String] {
        guard let counted = now.book.backlog, counted.at != before.book.backlog?.at else { return [] }
        let age = counted.size.oldest.map { max(.zero, counted.at.since($0)) } ?? .zero
        return [
            Self.gauge("purge.backlog.size", counted.size.purgeable),
            Self.gauge("purge.backlog.oldest_age_s", age.inSeconds),
        ] + [ageObjective.map { Self.gauge("purge.age_slo_margin_s", ($0 - age).inSeconds) }].compactMap { $0 }
    }

    private func counters(_ before: RunLedger.Snapshot, _ now: RunLedger.Snapshot) -> [String] {
        let (before, new) = (before.totals, now.totals)
        var lines: [String] = []
        func add(_ name: String, _ count: KeyPath<RunLedger.Totals, Int>) {
            Self.add(new[keyPath: count] - before[keyPath: count], to: name, "", &lines)
        }
        func add<Reason: RawRepresentable<String> & Hashable & CaseIterable>(
            _ name: String,
            _ tag: String,
            _ counts: KeyPath<RunLedger.Totals, [Reason: Int]>
        ) {
            for reason in Reason.allCases {
                let more = new[keyPath: counts][reason, default: 0] - before[keyPath: counts][reason, default: 0]
                Self.add(more, to: name, "|#\(tag):\(reason.rawValue)", &lines)
            }
        }
        add("purge.batch.fetched", \.pages)
        add("delete_data", "type", \.dataDeleted)
        add("delete_user", "type", \.deleted)
        add("row_failure", "reason", \.failed)
        add("row_held", "reason", \.held)
        add("row_failure_bump_failed", \.deferralsFailed)
        add("error.gone", \.errorAnswers)
        add("override", \.redirected)
        add("max_records", \.limitsReached)
        add("purge.run.success", \.runsSucceeded)
        add("purge.run.failure", \.runsFailed)
        return lines
    }

    private func gauges(_ before: RunLedger.Snapshot, _ now: RunLedger.Snapshot) -> [String] {
        var lines: [String] = []
        let hasEnded = now.totals.runs > before.totals.runs
        if hasEnded || now.book.isPaused != before.book.isPaused {
            lines.append(Self.gauge("purge.paused", now.book.isPaused ? 1 : 0))
        }
        if hasEnded, let held = now.book.heldByLastRun {
            lines.append(Self.gauge("purge.held.size", held.values.reduce(0, +)))
        }
        return lines
    }

    private func timings() -> [String] {
        let new = ledger.takeTimings()
        return Self.times("delete_data.duration_ms", new.ofData) + Self.times("purge.run.duration_ms", new.ofRuns)
    }

    private static func add(_ count: Int, to name: String, _ tag: String, _ lines: inout [String]) {
        if count > 0 { lines.append("\(prefix)\(name):\(count)|c\(tag)") }
    }

    private static func gauge(_ name: String, _ value: Int) -> String { "\(prefix)\(name):\(value)|g" }

    private static func gauge(_ name: String, _ value: Double) -> String {
        "\(prefix)\(name):\(Figures.decimal(thousandths: Int((min(max(value, -1e12), 1e12) * 1000).rounded())))|g"
    }

    private static func times(_ name: String, _ sample: DurationSample) -> [String] {
        // Never zero, which collectors divide by.
        let share = Figures.decimal(millionths: max(1, Int((sample.rate * 1e6).rounded())))
        let suffix = sample.rate < 1 ? "|@\(share)" : ""
        return sample.values.map { time in
            let microseconds = Int((min(time.inSeconds, 1e9) * 1e6).rounded())
            return "\(prefix)\(name):\(Figures.decimal(thousandths: microseconds))|ms\(suffix)"
        }
    }
}
