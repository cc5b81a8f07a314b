import SyncTokens

/// What a run knows of a node at one moment.
package struct NodeStatus: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case healthy
        /// It has not accepted a deletion yet.
        case unproven
        /// It asked for nothing new for a while.
        case backingOff(for: Duration)
        case circuitOpen(NodeGate.TroubleReason)
        /// Left alone, but for a probe now and then.
        case abandoned(NodeGate.TroubleReason)

        /// Whether it gets nothing but probes.
        package var isTrouble: Bool {
            switch self {
            case .circuitOpen, .abandoned: true
            case .healthy, .unproven, .backingOff: false
            }
        }
    }

    package let url: String
    /// The rows of `nodes` with this URL.
    package internal(set) var ids: [NodeID] = []
    package let state: State
    /// What it answered last, in words, where it is in trouble and that is known.
    package internal(set) var problem: String?
    /// Requests that it may have at once.
    package let limit: Int
    package let inFlight: Int
    /// Records that wait for it here.
    package let waiting: Int
    /// What an answer usually takes, in seconds; nil if that is not known yet.
    package let latency: Double?
    /// What one takes when nothing waits, in seconds, as last measured; nil if that is not known yet. By how much `latency` is
    /// longer, its users' answers are, too.
    package let latencyAtRest: Double?
    /// Whether its row asks for less.
    package let isThrottled: Bool
    /// Whether its row says that it is down, and that counts: it gets nothing.
    package internal(set) var isDowned = false

    package init(
        url: String,
        state: State,
        problem: String? = nil,
        limit: Int,
        inFlight: Int = 0,
        waiting: Int = 0,
        latency: Double? = nil,
        latencyAtRest: Double? = nil,
        isThrottled: Bool = false
    ) {
        self.url = url
        self.state = state
        self.problem = problem
        self.limit = limit
        self.inFlight = inFlight
        self.waiting = waiting
        self.latency = latency
        self.latencyAtRest = latencyAtRest
        self.isThrottled = isThrottled
    }

    /// What of it outlives the run. A pause that it asked for is measured from then, so it doesn't.
    ///
    /// - Parameter secretWasRefused: whether no node accepted the secret: then it is not the node that is at fault.
    func atRest(secretWasRefused: Bool) -> NodeStatus {
        let rested: State =
            switch state {
            case .backingOff: .healthy
            case .circuitOpen(.refusesEverything) where secretWasRefused: .unproven
            case .abandoned(.refusesEverything) where secretWasRefused: .unproven
            default: state
            }
        var rest = NodeStatus(
            url: url,
            state: rested,
            problem: rested == state ? problem : nil,
            limit: limit,
            latency: latency,
            latencyAtRest: latencyAtRest,
            isThrottled: isThrottled
        )
        rest.isDowned = isDowned
        rest.ids = ids
        return rest
    }
}

extension NodeDispatcher {
    /// Of each node that there are records of, in the order in which they came up.
    func status(at now: Instant) -> [NodeStatus] {
        lanes.filter(\.isSeen).map { lane in
            NodeStatus(
                url: lane.target.text,
                state: lane.gate.state(at: now),
                limit: lane.gate.limit,
                inFlight: lane.gate.inFlight,
                waiting: lane.load - lane.gate.inFlight,
                latency: lane.gate.typicalLatency,
                latencyAtRest: lane.gate.latencyAtRest,
                isThrottled: lane.gate.isThrottled
            )
        }
    }
}
