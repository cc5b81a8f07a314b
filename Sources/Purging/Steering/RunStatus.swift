import SyncTokens

/// What a run is doing at one moment.
package struct RunStatus: Sendable {
    package struct NodeStatus: Sendable, Equatable {
        package enum State: Sendable, Equatable {
            case open
            /// It asked for nothing new for a while.
            case quiet(for: Duration)
            case cutOff(NodeGate.LeaveReason)
            /// For the rest of the run.
            case left(NodeGate.LeaveReason)
        }

        package let url: String
        package let state: State
        /// Requests that it may have at once.
        package let limit: Int
        package let inFlight: Int
        /// Records that wait for it here.
        package let waiting: Int
        /// What an answer usually takes, in seconds; nil if that is not known yet.
        package let latency: Double?
        /// Whether its row asks for less.
        package let isThrottled: Bool
        /// Whether its row says that it is down, and that counts: it gets nothing.
        package fileprivate(set) var isDowned = false

        package init(
            url: String,
            state: State,
            limit: Int,
            inFlight: Int = 0,
            waiting: Int = 0,
            latency: Double? = nil,
            isThrottled: Bool = false
        ) {
            self.url = url
            self.state = state
            self.limit = limit
            self.inFlight = inFlight
            self.waiting = waiting
            self.latency = latency
            self.isThrottled = isThrottled
        }

        /// What of it outlives the run. A pause that it asked for is measured from then, so it doesn't.
        var atRest: NodeStatus {
            let isQuiet = if case .quiet = state { true } else { false }
            var rest = NodeStatus(
                url: url,
                state: isQuiet ? .open : state,
                limit: limit,
                latency: latency,
                isThrottled: isThrottled
            )
            rest.isDowned = isDowned
            return rest
        }
    }

    package let pause: PauseReason?
    /// What the run did so far; its reason to stop is none yet.
    package let summary: RunSummary
    /// Up to where the backlog was read: when those records were replaced.
    package let reached: Milliseconds?
    package let isStopping: Bool
    /// Records that were read and are not decided on yet.
    package let undecided: Int
    /// Records between decision and settlement.
    package let underway: Int
    package let nodes: [NodeStatus]

    package init(
        pause: PauseReason? = nil,
        summary: RunSummary,
        reached: Milliseconds? = nil,
        isStopping: Bool = false,
        undecided: Int = 0,
        underway: Int = 0,
        nodes: [NodeStatus] = []
    ) {
        self.pause = pause
        self.summary = summary
        self.reached = reached
        self.isStopping = isStopping
        self.undecided = undecided
        self.underway = underway
        self.nodes = nodes
    }
}

extension PurgeEngine {
    package func status(at now: Instant) -> RunStatus {
        RunStatus(
            pause: pause,
            summary: result,
            reached: sweep.cursor?.replacedAt,
            isStopping: stopReason != nil,
            undecided: pending.count,
            underway: underway.count,
            nodes: nodeStatus(at: now)
        )
    }
}

extension PurgeEngine {
    private func nodeStatus(at now: Instant) -> [RunStatus.NodeStatus] {
        let status = dispatcher.status(at: now)
        if planner.policy.forcesDownedNodes || directory.downed.isEmpty { return status }
        let downed = Set(directory.downed.compactMap { directory[$0]?.target?.text })
        return status.map { node in
            var node = node
            node.isDowned = downed.contains(node.url)
            return node
        }
    }
}

extension NodeDispatcher {
    /// Of each node that there are records of, in the order in which they came up.
    func status(at now: Instant) -> [RunStatus.NodeStatus] {
        lanes.filter(\.isSeen).map { lane in
            RunStatus.NodeStatus(
                url: lane.target.text,
                state: lane.gate.state(at: now),
                limit: lane.gate.limit,
                inFlight: lane.gate.inFlight,
                waiting: lane.load - lane.gate.inFlight,
                latency: lane.gate.typicalLatency,
                isThrottled: lane.gate.isThrottled
            )
        }
    }
}
