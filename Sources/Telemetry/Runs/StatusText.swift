package import Logging
package import Purging

/// What a run is doing, as lines for the log: one for the run, and one for each node.
package struct StatusText {
    private let status: RunStatus?

    /// - Parameter status: nil between runs.
    package init(_ status: RunStatus?) { self.status = status }

    package func log(to logger: Logger) {
        guard let status else {
            logger.notice("State: no run is in progress")
            return
        }
        logger.notice("State: \(Self.sentence(status))", metadata: Self.metadata(status))
        for node in status.nodes {
            logger.notice(
                "State of a node: \(node.isDowned ? "marked as down" : Self.word(node.state))",
                metadata: Self.metadata(node)
            )
        }
    }

    private static func sentence(_ status: RunStatus) -> String {
        if status.isStopping { return "stopping: requests in flight end, and confirmed deletions are committed" }
        if let pause = status.pause { return "paused, because \(pause)" }
        return "purging"
    }

    private static func metadata(_ status: RunStatus) -> Logger.Metadata {
        var fields = SummaryText(status.summary).metadata
        for name in ["stop_reason", "duration_s", "records_waiting"] { fields[name] = nil }
        fields["records_pending"] = .stringConvertible(status.pending)
        fields["records_in_progress"] = .stringConvertible(status.inProgress)
        fields["reached_ms"] = status.reached.map { .stringConvertible($0.rawValue) }
        fields["requests_in_flight"] = .stringConvertible(status.nodes.map(\.inFlight).reduce(0, +))
        return fields
    }

    private static func metadata(_ node: NodeStatus) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "node": .string(node.url),
            "limit": .stringConvertible(node.limit),
            "requests_in_flight": .stringConvertible(node.inFlight),
            "records_queued": .stringConvertible(node.waiting),
            "backoff": .stringConvertible(node.isThrottled),
        ]
        fields["latency_ms"] = node.latency.map { .stringConvertible(Int($0 * 1000)) }
        fields["latency_at_rest_ms"] = node.latencyAtRest.map { .stringConvertible(Int($0 * 1000)) }
        switch node.state {
        case .circuitOpen(let reason), .abandoned(let reason): fields["reason"] = .string(reason.rawValue)
        case .backingOff(let time): fields["backing_off_s"] = .stringConvertible(time.inSeconds)
        case .healthy, .unproven: break
        }
        return fields
    }

    private static func word(_ state: NodeStatus.State) -> String {
        switch state {
        case .healthy: "healthy"
        case .unproven: "unproven, as it has not accepted a deletion yet"
        case .backingOff: "backing off, as it asked"
        case .circuitOpen: "circuit open; it is probed after a pause"
        case .abandoned: "abandoned for the rest of the run"
        }
    }
}
