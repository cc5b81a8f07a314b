package import Logging
package import Purging
import Synchronization

/// Writes a run's events to the log: what needs an operator as warnings, the summary always, single records at info.
///
/// Warnings about single records or answers are limited for each run and kind; the rest of them is at info, and the
/// summary counts all.
package final class LogObserver: RunObserver {
    /// Warnings of one kind in one run.
    private static let mostWarnings = 10

    private let logger: Logger
    private let warnings = Mutex<[String: Int]>([:])

    package init(logger: Logger) { self.logger = logger }

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
            logger.warning("The backlog was not counted, so no gauge is sent: \(why)")
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
        case .recordFailed(let uid, let node, let reason):
            warn("failed.\(reason)", "A record failed", fields(uid, node, reason: reason.rawValue))
        case .databaseRefused(let uid, let node, let text):
            warn("refused", "The database refused to change a record: \(text)", fields(uid, node))
        case .deferralFailed(let uid):
            warn("deferral", "A failed record could not be moved behind the others", ["uid": "\(uid)"])
        case .recordChanged(let uid):
            logger.info("A record changed meanwhile and was left alone", metadata: ["uid": "\(uid)"])
        case .errorAnswered(let uid, let node, let verdict): errorAnswered(uid, node, verdict)
        case .nodeChanged(let node, let change): nodeChanged(node, change)
        case .nodeMalformed(let node, let problem):
            logger.warning(
                "A node's URL can't be used; correct it in the nodes table: \(problem)",
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
            warn("machine", "This machine is short of something, which is no node's failure: \(what)", [:])
        // Why is told by who could not begin.
        case .notBegun: break
        case .started, .backlogCountBegan, .deletionRedirected, .progressed: break
        case .paused(let reason?):
            logger.notice("Paused: nothing new is sent, as \(reason); what nodes confirmed is settled")
        case .paused(nil): logger.notice("Going on after the pause")
        case .limitReached:
            logger.info("Reached --max-records")
        case .finished(let summary): finished(summary)
        }
    }

    private func errorAnswered(_ uid: UID, _ node: String, _ verdict: NodeAnswer.Verdict) {
        var metadata: Logger.Metadata = ["uid": .stringConvertible(uid.rawValue), "node": .string(node)]
        metadata["reason"] = verdict.failure.map { .string($0.rawValue) }
        switch verdict {
        case .misrouted(let status, let what):
            metadata["status"] = .stringConvertible(status)
            warn("misrouted.\(node)", "Something else than a storage node answered: \(what)", metadata)
            return
        case .refused(let status), .busy(let status), .trouble(let status):
            metadata["status"] = .stringConvertible(status)
        case .unreachable(let what, _): metadata["cause"] = .string(what)
        case .signatureRefused: metadata["status"] = .stringConvertible(401)
        case .notFound: metadata["status"] = .stringConvertible(404)
        case .writtenSince: metadata["status"] = .stringConvertible(412)
        case .decommissioned: metadata["status"] = .stringConvertible(513)
        case .confirmed, .timedOut, .shortage, .expired, .abandoned: break
        }
        logger.info("A node answered with an error, or not at all", metadata: metadata)
    }

    private func nodeChanged(_ node: String, _ change: NodeGate.Change) {
        switch change {
        case .cutOff(let reason, let pause):
            logger.warning(
                "Cut off a node that keeps failing; it is probed after a pause",
                metadata: [
                    "node": .string(node), "reason": .string(reason.rawValue),
                    "pause_s": .stringConvertible(pause.inSeconds),
                ]
            )
        case .recovered: logger.notice("A node answers again", metadata: ["node": .string(node)])
        case .left(let reason):
            logger.warning(
                "Left a node alone for the rest of this run; its records stay as they are",
                metadata: ["node": .string(node), "reason": .string(reason.rawValue)]
            )
        }
    }

    private func finished(_ summary: RunSummary) {
        let text = SummaryText(summary)
        if summary.clocksDisagree {
            logger.warning(
                "The database's clock and this machine's disagree; the earlier one counts",
                metadata: ["database_ahead_s": .stringConvertible(summary.clockSkew.inSeconds)]
            )
        }
        if summary.clockAhead > .zero {
            logger.warning(
                "This machine's clock is ahead; records were judged by the earlier time. Correct the clock",
                metadata: ["ahead_s": .stringConvertible(summary.clockAhead.inSeconds)]
            )
        }
        for (reason, count) in summary.held.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where count > 0 {
            var text = "Held \(count) records (\(reason.rawValue)): \(reason.wayOut)"
            if reason == .writtenSince, let ends = summary.holdsEnd {
                text += "; the first of these holds ends on \(WallTime(ends.lowerBound).date), the last on"
                text += " \(WallTime(ends.upperBound).date)"
            }
            logger.notice("\(text)")
        }
        if summary.heldOnUnknownStorage > 0 {
            logger.notice(
                """
                \(summary.heldOnUnknownStorage) of the held records are held as nobody said what their storage runs on: \
                --node-type mysql or postgres releases them, --node-type spanner those whose data is an active record's
                """
            )
        }
        if summary.withheld > 0 {
            logger.warning(
                """
                No node accepted the master secret in this run, so nothing was written; \(summary.withheld) changes or more \
                wait: look into what the nodes answer
                """
            )
        }
        if let detail = summary.stopReason.detail {
            logger.log(level: summary.stopReason.isError ? .error : .notice, "\(detail)")
        }
        logger.log(level: level(of: summary), "\(text.sentence)", metadata: text.metadata)
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
