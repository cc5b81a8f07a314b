import Monitoring
import Purging
import Support
import SyncTokens
import Telemetry

/// The report on the backlog as JSON: `backlog --json`. Its schema is docs/schema/backlog.schema.json.
struct BacklogDocument: Encodable {
    struct Row: Encodable {
        let purgeable: Int
        let waiting: Int
        let held: Int
        let malformed: Int
        let oldestReplacedAt: String?

        init(_ row: BacklogReport.Row) {
            (purgeable, waiting, held, malformed) = (row.purgeable, row.waiting, row.held, row.malformed)
            oldestReplacedAt = row.oldest?.text
        }
    }

    struct NodeRow: Encodable {
        let id: Int64
        /// Nil if the node's row is gone, or its URL is malformed: what is stored as one may be a password.
        let url: String?
        let isGone: Bool
        let isDowned: Bool
        let counts: Row
    }

    struct AgeRow: Encodable {
        let label: String
        let counts: Row
    }

    struct Tally: Encodable {
        let count: Int
        let oldestReplacedAt: String?
        let remedy: String?

        init(_ tally: BacklogReport.Tally, _ remedy: String?) {
            (count, oldestReplacedAt, self.remedy) = (tally.count, tally.oldest?.text, remedy)
        }
    }

    let database: String
    let now: String
    /// Records that were replaced later than this are not purged yet.
    let cutoff: String
    /// Whether it was stopped before the end of the backlog.
    let partial: Bool
    let total: Row
    let byNode: [NodeRow]
    let byAge: [AgeRow]
    let byCause: [String: Row]
    let held: [String: Tally]
    let waiting: [String: Tally]
    let malformed: Tally?
    /// Records that failed and are in no run until a grace period has passed, by reason; known by an audit log only.
    let deferred: [String: Tally]
    let lastAnswersAsOf: String?
    let lastAnswers: [String: Tally]?

    init(_ report: BacklogReport, database: String, asOf: String?) {
        func named<Key: RawRepresentable<String>, Value, Result>(
            _ values: [Key: Value],
            _ body: (Key, Value) -> Result
        ) -> [String: Result] {
            Dictionary(values.map { ($0.rawValue, body($0, $1)) }, uniquingKeysWith: { first, _ in first })
        }
        self.database = database
        now = report.now.text
        cutoff = report.cutoff.text
        partial = report.isPartial
        total = Row(report.total)
        byNode = report.byNode.sorted { $0.key < $1.key }.map { id, row in
            let node = report.nodes[id]
            return NodeRow(
                id: id.rawValue,
                url: node.flatMap { try? ServiceURL($0.url) }?.text,
                isGone: node == nil,
                isDowned: node?.isDowned ?? false,
                counts: Row(row)
            )
        }
        byAge = BacklogReport.Age.allCases.compactMap { age in
            report.byAge[age].map { AgeRow(label: age.label, counts: Row($0)) }
        }
        byCause = named(report.byCause) { Row($1) }
        held = named(report.held) { Tally($1, $0.remedy) }
        waiting = named(report.waiting) { Tally($1, $0.remedy) }
        malformed = report.malformed.count > 0 ? Tally(report.malformed, FailureReason.malformed.remedy) : nil
        func answers(_ tallies: [String: BacklogReport.Tally]) -> [String: Tally] {
            Dictionary(
                tallies.map { ($0.key, Tally($0.value, BacklogTable.remedy($0.key))) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        deferred = answers(report.deferred)
        // The log's times have microseconds, which not every program reads.
        lastAnswersAsOf = asOf.map { $0.prefix { $0 != "." && $0 != "Z" } + "Z" }
        lastAnswers = asOf.map { _ in answers(report.answered) }
    }

    /// One record of `backlog --list --json`.
    struct Record: Encodable {
        let uid: Int64
        let nodeId: Int64
        let replacedAt: String
        let action: String
        let reason: String
        let cause: String
        let lastAnswer: String?
        let problem: String?
        let deferredUntil: String?

        init(_ exception: BacklogReport.Exception) {
            let planned = exception.planned
            (uid, nodeId) = (planned.uid.rawValue, planned.node.rawValue)
            replacedAt = planned.replacedAt.text
            (action, reason, cause) = (planned.verb.rawValue, planned.reason, exception.cause.rawValue)
            lastAnswer = exception.lastAnswer
            problem = exception.problem
            deferredUntil = exception.deferredUntil?.text
        }
    }
}

extension Timestamp {
    fileprivate var text: String { WallTime(self).rfc3339Seconds }
}
