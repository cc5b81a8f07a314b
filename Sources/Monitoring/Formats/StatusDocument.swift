import Purging

/// The state as JSON, for programs: `/status`. Times are in RFC 3339, durations in seconds.
struct StatusDocument: Encodable {
    struct Program: Encodable {
        let version: String
        let database: String
        let startedAt: String
        let dryRun: Bool
        let oneshot: Bool
        let shard: String?
    }

    struct Run: Encodable {
        let startedAt: String?
        let recordsRead: Int
        let recordsDeleted: Int
        let dataDeleted: Int
        let recordsHeld: [String: Int]
        let recordsFailed: [String: Int]
        let recordsSkipped: Int
        /// Records that were read and are not decided on yet, and those between decision and settlement.
        let recordsPending: Int
        let recordsInProgress: Int
        /// Up to where the backlog was read: when those records were replaced.
        let reached: String?
    }

    struct Backlog: Encodable {
        let countedAt: String?
        let records: Int?
        let waiting: Int?
        let notCounted: String?
        let oldestAgeS: Double?
    }

    struct AgeObjective: Encodable {
        let objectiveS: Double
        /// Negative if it is missed.
        let marginS: Double?
        let isMet: Bool?
    }

    struct Database: Encodable {
        let isUp: Bool
        let problem: String?
        let answeredAt: String?
    }

    struct NodeEntry: Encodable {
        let url: String
        /// The rows of `nodes` with this URL.
        let ids: [Int64]
        let state: String
        let reason: String?
        /// What it answered last, in words.
        let problem: String?
        let backingOffS: Double?
        let limit: Int
        let requestsInFlight: Int
        let recordsQueued: Int
        let latencyS: Double?
        let latencyAtRestS: Double?
        let backoff: Bool
        let downed: Bool
    }

    struct Totals: Encodable {
        let recordsRead: Int
        let recordsDeleted: [String: Int]
        let dataDeleted: [String: Int]
        let recordsHeld: [String: Int]
        let recordsFailed: [String: Int]
        let recordsChanged: Int
    }

    struct Wait: Encodable {
        let url: String
        let until: String
        let reason: String
    }

    struct Sample: Encodable {
        let at: String
        let records: Int?
        let oldestAgeS: Double?
        let deleted: Int
    }

    let program: Program
    let now: String
    let state: String
    let pausedBecause: String?
    /// The other instance whose end it waits for.
    let waitsForInstance: String?
    /// The nodes that the run waits for, where nothing but time brings it on.
    let waitsForNodes: [Wait]?
    let run: Run?
    let nextRun: String?
    let deletedPerSecond: Double
    let backlog: Backlog
    let ageSlo: AgeObjective?
    let database: Database
    let nodes: [NodeEntry]
    let sinceStart: Totals
    /// The newest first.
    let lastRuns: [RunDocument]
    /// A sample a minute over the last hours, from the oldest to the newest.
    let history: [Sample]

    init(_ state: MonitorState) {
        program = Program(state.program)
        now = state.now.rfc3339
        self.state = state.phase.name
        pausedBecause = state.pause?.description
        waitsForInstance = if case .waiting(let instance) = state.phase { instance } else { nil }
        waitsForNodes =
            if case .waitingForNodes(let waits) = state.phase {
                waits.map { Wait(url: $0.url, until: state.now.advanced(by: $0.time).rfc3339, reason: $0.reason) }
            } else { nil }
        run = state.run.map { Run($0, startedAt: state.book.runStartedAt) }
        nextRun = state.nextRun?.rfc3339
        deletedPerSecond = state.rate
        backlog = Backlog(
            countedAt: state.backlog?.countedAt.rfc3339,
            records: state.backlog?.records,
            waiting: state.backlog?.waiting,
            notCounted: state.book.notCounted,
            oldestAgeS: state.oldestAge?.inSeconds
        )
        ageSlo = state.program.ageObjective.map {
            let margin = state.ageObjectiveMargin?.inSeconds
            return AgeObjective(objectiveS: $0.inSeconds, marginS: margin, isMet: margin.map { $0 >= 0 })
        }
        database = Database(
            isUp: state.database.problem == nil,
            problem: state.database.problem,
            answeredAt: state.database.answeredAt?.rfc3339
        )
        nodes = state.nodes.map { NodeEntry($0) }
        sinceStart = Totals(state.totals)
        lastRuns = state.book.runs.map { RunDocument($0.summary, endedAt: $0.endedAt) }
        history = state.history.map {
            Sample(at: $0.at.rfc3339, records: $0.records, oldestAgeS: $0.oldestAge?.inSeconds, deleted: $0.deleted)
        }
    }

    var json: String { JSONDocument.text(of: self) }
}
