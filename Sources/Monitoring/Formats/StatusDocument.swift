import Foundation
import Purging

/// The state as JSON, for programs: `/status`. Times are in RFC 3339, durations in seconds.
struct StatusDocument: Encodable {
    struct Program: Encodable {
        let version: String
        let database: String
        let startedAt: String
        let dryRun: Bool
        let oneshot: Bool
        let share: String?
    }

    struct Run: Encodable {
        let startedAt: String?
        let recordsRead: Int
        let recordsDeleted: Int
        let dataDeleted: Int
        let recordsHeld: [String: Int]
        let recordsFailed: [String: Int]
        let recordsUntouched: Int
        /// Records that were read and are not decided on yet, and those between decision and settlement.
        let recordsUndecided: Int
        let recordsUnderway: Int
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

    struct Promise: Encodable {
        let withinS: Double
        /// Negative if it is broken.
        let marginS: Double?
        let isKept: Bool?
    }

    struct Database: Encodable {
        let isUp: Bool
        let problem: String?
        let answeredAt: String?
    }

    struct NodeEntry: Encodable {
        let url: String
        let state: String
        let reason: String?
        let quietS: Double?
        let limit: Int
        let requestsInFlight: Int
        let recordsWaiting: Int
        let latencyS: Double?
        let backoff: Bool
        let downed: Bool
    }

    struct FinishedRun: Encodable {
        let endedAt: String
        let durationS: Double
        let stopReason: String
        let detail: String?
        let dryRun: Bool
        let shard: String?
        /// Nil for a dry run, which deletes nothing.
        let recordsDeleted: Int?
        let dataDeleted: Int?
        /// What a dry run found to delete.
        let wouldDelete: Int?
        let recordsHeld: Int
        let recordsFailed: Int
        let recordsUntouched: Int
        let recordsWaiting: Int?
        let nodesInTrouble: [String]
    }

    struct Totals: Encodable {
        let recordsRead: Int
        let recordsDeleted: [String: Int]
        let dataDeleted: [String: Int]
        let recordsHeld: [String: Int]
        let recordsFailed: [String: Int]
        let recordsChanged: Int
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
    let run: Run?
    let nextRun: String?
    let deletedPerSecond: Double
    let backlog: Backlog
    let promise: Promise?
    let database: Database
    let nodes: [NodeEntry]
    let sinceStart: Totals
    /// The newest first.
    let lastRuns: [FinishedRun]
    /// A sample a minute over the last hours, from the oldest to the newest.
    let history: [Sample]

    init(_ state: MonitorState) {
        program = Program(state.program)
        now = state.now.text
        self.state = state.phase.name
        pausedBecause = state.pause?.description
        run = state.run.map { Run($0, startedAt: state.book.runStartedAt) }
        nextRun = state.nextRun?.text
        deletedPerSecond = state.rate
        backlog = Backlog(
            countedAt: state.backlog?.countedAt.text,
            records: state.backlog?.records,
            waiting: state.backlog?.waiting,
            notCounted: state.book.notCounted,
            oldestAgeS: state.oldestAge?.inSeconds
        )
        promise = state.program.promise.map {
            let margin = state.promiseMargin?.inSeconds
            return Promise(withinS: $0.inSeconds, marginS: margin, isKept: margin.map { $0 >= 0 })
        }
        database = Database(
            isUp: state.database.problem == nil,
            problem: state.database.problem,
            answeredAt: state.database.answeredAt?.text
        )
        nodes = state.nodes.map { NodeEntry($0) }
        sinceStart = Totals(state.totals)
        lastRuns = state.book.runs.map { FinishedRun($0) }
        history = state.history.map {
            Sample(at: $0.at.text, records: $0.records, oldestAgeS: $0.oldestAge?.inSeconds, deleted: $0.deleted)
        }
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        // Every value above can be encoded.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension StatusDocument.Program {
    fileprivate init(_ program: MonitorState.Program) {
        version = program.version
        database = program.database
        startedAt = program.startedAt.text
        dryRun = program.isDryRun
        oneshot = program.isOneshot
        share = program.share.isEmpty ? nil : program.share
    }
}

extension StatusDocument.Run {
    fileprivate init(_ status: RunStatus, startedAt: Milliseconds?) {
        self.startedAt = startedAt?.text
        recordsRead = status.summary.read
        recordsDeleted = status.summary.deletedTotal
        dataDeleted = status.summary.dataDeleted
        recordsHeld = status.summary.held.byName
        recordsFailed = status.summary.failed.byName
        recordsUntouched = status.summary.untouched
        recordsUndecided = status.undecided
        recordsUnderway = status.underway
        reached = status.reached?.text
    }
}

extension StatusDocument.NodeEntry {
    fileprivate init(_ node: RunStatus.NodeStatus) {
        url = node.url
        state = node.state.name
        (reason, quietS) =
            switch node.state {
            case .cutOff(let reason), .left(let reason): (reason.rawValue, nil)
            case .quiet(let time): (nil, time.inSeconds)
            case .open: (nil, nil)
            }
        limit = node.limit
        requestsInFlight = node.inFlight
        recordsWaiting = node.waiting
        latencyS = node.latency
        backoff = node.isThrottled
        downed = node.isDowned
    }
}

extension StatusDocument.FinishedRun {
    fileprivate init(_ run: RunLedger.FinishedRun) {
        let summary = run.summary
        endedAt = run.endedAt.text
        durationS = summary.duration.inSeconds
        stopReason = summary.stopReason.name
        detail = summary.stopReason.detail
        dryRun = summary.isDryRun
        shard = summary.shard?.description
        recordsDeleted = summary.isDryRun ? nil : summary.deletedTotal
        dataDeleted = summary.isDryRun ? nil : summary.dataDeleted
        wouldDelete = summary.isDryRun ? summary.deletedTotal : nil
        recordsHeld = summary.heldTotal
        recordsFailed = summary.failedTotal
        recordsUntouched = summary.untouched
        recordsWaiting = summary.onDownedNodes == nil && summary.hasDownedNodes ? nil : summary.waitingTotal
        nodesInTrouble = summary.troubledNodes.map { "\($0.url) (\($0.reason))" }
    }
}

extension StatusDocument.Totals {
    fileprivate init(_ totals: RunLedger.Totals) {
        recordsRead = totals.read
        recordsDeleted = totals.deleted.byName
        dataDeleted = totals.dataDeleted.byName
        recordsHeld = totals.held.byName
        recordsFailed = totals.failed.byName
        recordsChanged = totals.changed
    }
}

extension Dictionary where Key: RawRepresentable<String>, Value == Int {
    /// Those that happened.
    fileprivate var byName: [String: Int] {
        Dictionary<String, Int>(
            filter { $0.value > 0 }.map { ($0.key.rawValue, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension Milliseconds {
    fileprivate var text: String {
        Date(timeIntervalSince1970: Double(rawValue) / 1000).formatted(.iso8601)
    }
}

extension MonitorState.Phase {
    var name: String {
        switch self {
        case .beginning: "beginning"
        case .purging: "purging"
        case .rehearsing: "dry_run"
        case .paused: "paused"
        case .ending: "ending"
        case .waiting: "waiting"
        case .stopping: "stopping"
        }
    }
}

extension RunStatus.NodeStatus.State {
    var name: String {
        switch self {
        case .open: "open"
        case .quiet: "quiet"
        case .cutOff: "cut_off"
        case .left: "left"
        }
    }
}
