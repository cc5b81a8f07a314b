import SyncTokens

/// A node for which records wait though nothing is in flight to it.
package struct NodeWait: Sendable, Equatable {
    package let url: String
    /// How long it takes at least until something is sent to it.
    package let time: Duration
    package let reason: String

    package init(url: String, time: Duration, reason: String) {
        self.url = url
        self.time = time
        self.reason = reason
    }
}

/// What the dispatcher waits for, where nothing but time brings it on.
extension NodeDispatcher {
    /// The nodes that everything here waits for; none if something is in flight, or could be sent.
    func waits(at now: Instant) -> [NodeWait] {
        if inFlight > 0 { return [] }
        var waits: [NodeWait] = []
        for lane in lanes where lane.hasWaiting {
            guard let until = lane.waitsUntil(at: now) else { return [] }
            waits.append(NodeWait(url: lane.target.text, time: until - now, reason: lane.gate.waitReason(at: now)))
        }
        return waits.sorted { ($0.time, $0.url) < ($1.time, $1.url) }
    }

    /// Abandons the nodes that records wait for, as the run is not to be kept open any longer.
    ///
    /// - Returns: of each what changed, and its records.
    mutating func abandonWaiting(at now: Instant) -> [(target: ServiceURL, change: NodeGate.Change?, jobs: [Job])] {
        var abandoned: [(target: ServiceURL, change: NodeGate.Change?, jobs: [Job])] = []
        for index in lanes.indices {
            guard let until = lanes[index].waitsUntil(at: now) else { continue }
            var change: NodeGate.Change?
            if case .waitUntil = lanes[index].gate.permission(at: now) {
                // So that the next run doesn't ask it before, either.
                lanes[index].gate.pause(for: until - now, now: now)
                change = lanes[index].gate.abandon(lanes[index].gate.trouble ?? .longPause, now: now)
            }
            let jobs = lanes[index].removeAll()
            for job in jobs { giveBack(job) }
            turns.enter(index)
            abandoned.append((lanes[index].target, change, jobs))
        }
        return abandoned
    }
}

extension NodeGate {
    /// Why nothing is sent before a certain moment.
    fileprivate func waitReason(at now: Instant) -> String {
        switch state(at: now) {
        case .backingOff: "it asked for quiet"
        case .circuitOpen(let reason): reason.text
        case .healthy, .unproven, .abandoned: "its records are tried again after a pause"
        }
    }
}
