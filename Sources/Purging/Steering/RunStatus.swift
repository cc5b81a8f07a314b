import SyncTokens

/// What a run is doing at one moment.
package struct RunStatus: Sendable {
    package struct NodeStatus: Sendable, Equatable {
        package enum State: Sendable, Equatable {
            case healthy
            /// It has not deleted anything yet.
            case unproven
            /// It asked for nothing new for a while.
            case backingOff(for: Duration)
            case circuitOpen(NodeGate.TroubleReason)
            /// For the rest of the run.
            case abandoned(NodeGate.TroubleReason)
        }

        package let url: String
        /// The rows of `nodes` with this URL.
        package fileprivate(set) var ids: [NodeID] = []
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
            let isBackingOff = if case .backingOff = state { true } else { false }
            var rest = NodeStatus(
                url: url,
                state: isBackingOff ? .healthy : state,
                limit: limit,
                latency: latency,
                isThrottled: isThrottled
            )
            rest.isDowned = isDowned
            rest.ids = ids
            return rest
        }
    }

    package let pause: PauseReason?
    /// What the run did so far; its reason to stop is none yet.
    package let summary: RunSummary
    /// How far the backlog was read: when the latest of those records was replaced.
    package let reached: Timestamp?
    package let isStopping: Bool
    /// Records that were read and are not decided on yet.
    package let pending: Int
    /// Records between decision and settlement.
    package let inProgress: Int
    package let nodes: [NodeStatus]

    package init(
        pause: PauseReason? = nil,
        summary: RunSummary,
        reached: Timestamp? = nil,
        isStopping: Bool = false,
        pending: Int = 0,
        inProgress: Int = 0,
        nodes: [NodeStatus] = []
    ) {
        self.pause = pause
        self.summary = summary
        self.reached = reached
        self.isStopping = isStopping
        self.pending = pending
        self.inProgress = inProgress
        self.nodes = nodes
    }
}

extension PurgeEngine {
    package func status(at now: Instant) -> RunStatus {
        RunStatus(
            pause: pause,
            summary: result,
            reached: reached,
            isStopping: stopReason != nil,
            pending: pending.count,
            inProgress: inProgress.count,
            nodes: nodeStatus(at: now)
        )
    }
}

extension PurgeEngine {
    /// Of the nodes that records were met of, and of those that are marked as down, whose records are not read.
    private func nodeStatus(at now: Instant) -> [RunStatus.NodeStatus] {
        var status = dispatcher.status(at: now)
        let downed = planner.policy.forcesDownedNodes ? [] : directory.downed
        let urls = Set(downed.compactMap { directory[$0]?.target?.text })
        for url in urls.subtracting(status.map(\.url)).sorted() {
            status.append(RunStatus.NodeStatus(url: url, state: .unproven, limit: 0))
        }
        let ids = Dictionary(grouping: directory.places.values.map(\.node.id)) { directory[$0]?.target?.text ?? "" }
        return status.map { node in
            var node = node
            node.isDowned = urls.contains(node.url)
            node.ids = ids[node.url]?.sorted() ?? []
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
