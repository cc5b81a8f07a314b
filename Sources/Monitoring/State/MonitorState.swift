package import Purging

/// Everything that metrics, the status page and `/status` tell, as of one moment.
package struct MonitorState: Sendable {
    /// What doesn't change while the program runs.
    package struct Program: Sendable {
        package var version: String
        /// Named as in logs: without a password.
        package var database: String
        package var startedAt: Timestamp
        package var isDryRun: Bool
        package var isOneshot: Bool
        /// Its shard of the backlog, in words; empty for all of it.
        package var shard: String
        /// The age that the oldest obsolete record may have, counted from when it was replaced; nil without an objective.
        package var ageObjective: Duration?

        package init(
            version: String,
            database: String,
            startedAt: Timestamp,
            isDryRun: Bool,
            isOneshot: Bool,
            shard: String,
            ageObjective: Duration?
        ) {
            self.version = version
            self.database = database
            self.startedAt = startedAt
            self.isDryRun = isDryRun
            self.isOneshot = isOneshot
            self.shard = shard
            self.ageObjective = ageObjective
        }
    }

    enum Phase: Sendable, Equatable {
        /// Connecting, or reading what a run begins with.
        case beginning
        /// Another instance purges the same backlog; its name in the database.
        case waiting(instance: String)
        case purging
        /// A run goes on, and nothing but time brings it on.
        case waitingForNodes([NodeWait])
        case rehearsing
        /// On somebody's word, or on account of a brake.
        case paused(PauseReason)
        /// A run takes nothing new, or waits for the count beside it.
        case ending
        /// Between runs.
        case idle
        /// On request.
        case stopping
    }

    /// What the last probe of the database found.
    struct Database: Sendable, Equatable {
        /// Nil if it answered.
        var problem: String?
        /// When it answered last; nil for never.
        var answeredAt: Timestamp?
        /// Whether it was asked, and didn't answer: not so before its first answer is due.
        var isLost: Bool { problem != nil && problem != Self.notAsked }
        static let notAsked = "not asked yet"
        /// As far as it was looked up, and when.
        var age = BacklogAge.unknown
        var ageKnownAt: Timestamp?
    }

    /// What is known of the size of the backlog.
    struct Backlog: Sendable, Equatable {
        let countedAt: Timestamp
        /// As counted, less what was deleted here since.
        let records: Int
        /// Of these, as counted: those that wait for a downed node.
        let waiting: Int
    }

    var program: Program
    var now: Timestamp
    var phase: Phase
    /// Whether the program was asked to stop.
    var isStopRequested: Bool
    /// The run that purges now; nil between runs, and in a dry run.
    var run: RunStatus?
    var nextRun: Timestamp?
    /// Why nothing may be sent, in a run or between two; nil if it may.
    var pause: PauseReason?
    /// Records deleted per second, over the last ten seconds.
    var rate: Double
    /// Records deleted in the last minute, or since the start if that is less.
    var deletedInMinute: Int
    /// Records deleted per second over that time.
    var minuteRate: Double
    var nodes: [NodeStatus]
    var labelledNodes: NodeLabels
    var totals: RunLedger.Totals
    var book: RunLedger.Book
    var backlog: Backlog?
    var database: Database
    var history: [SampleHistory.Sample]
    /// Of each second, as long as the program is young; then empty.
    var seconds: [SampleHistory.Sample]
    var process: ProcessUsage

    /// What was looked up or counted longer ago says nothing of the age now: the oldest record may have gone.
    private static let ageLife = Duration.seconds(600)

    /// How long ago the oldest obsolete record was replaced: zero if there is none, nil if that isn't known. Told by the
    /// newer one of the last look and the last count.
    var oldestAge: Duration? {
        var (age, at) = (database.age, database.ageKnownAt)
        if let counted = book.backlog, at.map({ $0 < counted.at }) ?? true {
            age = counted.size.oldest.map { .oldest($0) } ?? .empty
            at = counted.at
        }
        guard let at, now.since(at) <= Self.ageLife else { return nil }
        return switch age {
        case .empty: .zero
        case .oldest(let moment): max(.zero, now.since(moment))
        case .unknown: nil
        }
    }

    /// What of this is kept for the plots.
    ///
    /// - Parameter deleted: records deleted since the sample before.
    func sample(deleted: Int) -> SampleHistory.Sample {
        SampleHistory.Sample(
            at: now,
            records: backlog?.records,
            oldestAge: oldestAge,
            deleted: deleted
        )
    }

    /// By how much the age objective is met; negative if it is missed. Nil without one, or if that isn't known.
    var ageObjectiveMargin: Duration? {
        guard let objective = program.ageObjective, let oldestAge else { return nil }
        return objective - oldestAge
    }
}
