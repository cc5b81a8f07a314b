package import Logging
package import Purging
import Support
import Synchronization
import Support

/// Writes a run's events to the log: what needs an operator as warnings, the summary always, single records at info.
///
/// Warnings about single records or answers are limited for each run and kind; the rest of them is at info, and the
/// summary counts all.
package final class LogObserver: RunObserver {
    /// Warnings of one kind in one run.
    private static let mostWarnings = 10

    /// What the log has of a run's end.
    package enum Ending: Sendable {
        /// One line with all of it as fields, for programs.
        case fields
        /// A few lines for people.
        case lines
        /// That it ended, and why: the rest is told elsewhere.
        case title
        /// All of it is told elsewhere.
        case nothing
    }

    private let logger: Logger
    private let ending: Ending
    private let warnings = Mutex<[String: Int]>([:])

    package init(logger: Logger, ending: Ending = .fields) {
        self.logger = logger
        self.ending = ending
    }

    package func observe(_ event: RunEvent) {
        switch event {
        case .backlogCounted(let size, _):
            logger.info(
                "Counted the backlog",
                metadata: [
                    "backlog_size": .stringConvertible(size.purgeable),
                    "waiting_for_downed_nodes": .stringConvertible(size.waitingForDownedNodes),
                ]
            )
        case .backlogNotCounted(let why):
            logger.warning("The backlog could not be counted, so the backlog metrics are not updated: \(why)")
        case .pageRead(let records):
            logger.debug("Read a page of the backlog", metadata: ["records": .stringConvertible(records)])
        case .dataDeleted(let uid, let node, let kind, let elapsed):
            logger.debug(
                "A node confirmed the deletion of a record's data",
                metadata: [
                    "uid": .stringConvertible(uid.rawValue), "node": .string(node), "type": .string(kind.rawValue),
                    "duration_ms": .stringConvertible(elapsed.wholeMilliseconds),
                ]
            )
        case .recordDeleted(let uid, let node, let kind):
            logger.info("Deleted a record", metadata: fields(uid, node, type: kind.rawValue))
        case .recordHeld(let uid, let node, let reason, let until):
            var metadata = fields(uid, node, reason: reason.rawValue)
            metadata["until"] = until.map { .string(WallTime($0).rfc3339) }
            logger.info("Held a record", metadata: metadata)
        // What is wrong with it, or with its node's URL, has a warning of its own.
        case .recordFailed(let uid, let node, .malformed):
            logger.info(
                "A malformed record failed",
                metadata: fields(uid, node, reason: FailureReason.malformed.rawValue)
            )
        case .recordMalformed(let uid, let node, let problem):
            warn(
                "malformed",
                "A record is malformed and fails until it is corrected; if it were deleted, its data would stay: \(problem)",
                fields(uid, node, reason: FailureReason.malformed.rawValue)
            )
        case .recordFailed(let uid, let node, let reason):
            warn("failed.\(reason)", "A record failed: \(reason.remedy)", fields(uid, node, reason: reason.rawValue))
        case .databaseRefused(let uid, let node, let text):
            warn("refused", "The database refused to change a record: \(text)", fields(uid, node))
        case .deferralFailed(let uid):
            warn("deferral", "A failed record could not be deferred; the next run tries it again", ["uid": "\(uid)"])
        case .recordChanged(let uid):
            logger.info("A record changed since it was decided on, and was skipped", metadata: ["uid": "\(uid)"])
        case .errorAnswered(let uid, let node, let verdict): errorAnswered(uid, node, verdict)
        case .nodeChanged(let node, let change, let problem): nodeChanged(node, change, problem)
        case .nodeMalformed(let node, let problem):
            logger.warning(
                "A node's URL in the nodes table is not valid; its records fail until it is corrected, and none is to be deleted: \(problem)",
                metadata: ["node_id": .stringConvertible(node.rawValue)]
            )
        case .requestsLimited(let count):
            logger.warning(
                """
                Requests are limited to \(count) at once by the limit of open files; raise it (ulimit -n, LimitNOFILE=), \
                or lower --concurrency
                """
            )
        case .machineShort(let what):
            warn(
                "machine",
                "A request could not be sent for want of resources on this machine; no node is held responsible: \(what)",
                [:]
            )
        // Why is told by who could not begin.
        case .notBegun: break
        case .started(let shard):
            logger.notice("Run\(shard.map { " of shard \($0)" } ?? "") started")
        case .backlogCountBegan, .deletionRedirected, .progressed, .waiting, .answered: break
        case .paused(let reason?):
            let word = reason.isThrottle ? "Throttled by" : "Paused, because"
            logger.notice("\(word) \(reason). No new request is sent; confirmed deletions are still committed")
        case .paused(nil): logger.notice("Resumed after a pause")
        case .limitReached:
            logger.info("Reached --max-records")
        case .finished(let summary): finished(summary)
        }
    }

    private func errorAnswered(_ uid: UID, _ node: String, _ verdict: NodeAnswer.Verdict) {
        let text = AnswerText(verdict)
        var metadata = text.fields
        metadata["uid"] = .stringConvertible(uid.rawValue)
        metadata["node"] = .string(node)
        metadata["reason"] = verdict.failure.map { .string($0.rawValue) }
        if case .misrouted = verdict {
            warn("misrouted.\(node)", "\(text.message)", metadata)
        } else {
            logger.info("\(text.message)", metadata: metadata)
        }
    }

    private func nodeChanged(_ node: String, _ change: NodeGate.Change, _ problem: String?) {
        var metadata: Logger.Metadata = ["node": .string(node)]
        let why = problem.map { " (\($0))" } ?? ""
        switch change {
        case .circuitOpen(let reason, let pause), .probeFailed(let reason, let pause):
            metadata["reason"] = .string(reason.rawValue)
            metadata["pause_s"] = .stringConvertible(pause.inSeconds)
            let isFirst = if case .circuitOpen = change { true } else { false }
            let news = isFirst ? "A node's circuit is open" : "A probe of a node failed, so its circuit stays open"
            logger.warning(
                "\(news): \(reason.text)\(why); it is probed in \(Figures.duration(pause))",
                metadata: metadata
            )
        case .recovered: logger.notice("A node is healthy again", metadata: metadata)
        case .abandoned(let reason):
            metadata["reason"] = .string(reason.rawValue)
            logger.warning(
                "A node is abandoned: \(reason.text)\(why); its records stay, \(Self.next(reason))",
                metadata: metadata
            )
        }
    }

    private static func next(_ reason: NodeGate.TroubleReason) -> String {
        reason == .decommissioned
            ? "and the next run asks it again" : "and it is probed now and then while the run lasts"
    }

    private func finished(_ summary: RunSummary) {
        for (level, text, fields) in SummaryNotes(summary).lines {
            logger.log(level: level, "\(text)", metadata: fields)
        }
        let text = SummaryText(summary)
        let level = level(of: summary)
        switch ending {
        case .fields:
            for (level, line) in text.remedies { logger.log(level: level, "\(line)") }
            logger.log(level: level, "\(text.sentence)", metadata: text.metadata)
        case .lines: for line in text.lines { logger.log(level: level, "\(line)") }
        case .title: logger.log(level: level, "\(text.title)")
        case .nothing: break
        }
        warnings.withLock { $0.removeAll() }
    }

    private func level(of summary: RunSummary) -> Logger.Level {
        switch summary.exitCode(isStrict: false) {
        case 0: .notice
        case 1: .error
        default: .warning
        }
    }

    private func warn(_ kind: String, _ message: Logger.Message, _ metadata: Logger.Metadata) {
        let count = warnings.withLock { counts in
            counts[kind, default: 0] += 1
            return counts[kind] ?? 0
        }
        logger.log(level: count <= Self.mostWarnings ? .warning : .info, message, metadata: metadata)
        if count == Self.mostWarnings {
            logger.warning("More of these are logged at info (-v) for the rest of this run")
        }
    }

    private func fields(_ uid: UID, _ node: NodeID, type: String? = nil, reason: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "uid": .stringConvertible(uid.rawValue), "node_id": .stringConvertible(node.rawValue),
        ]
        metadata["type"] = type.map { .string($0) }
        metadata["reason"] = reason.map { .string($0) }
        return metadata
    }
}
