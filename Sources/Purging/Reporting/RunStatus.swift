import SyncTokens

/// What a run is doing at one moment.
package struct RunStatus: Sendable {
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
    /// What the run waits for, where nothing but time brings it on.
    package let waits: [NodeWait]

    package init(
        pause: PauseReason? = nil,
        summary: RunSummary,
        reached: Timestamp? = nil,
        isStopping: Bool = false,
        pending: Int = 0,
        inProgress: Int = 0,
        nodes: [NodeStatus] = [],
        waits: [NodeWait] = []
    ) {
        self.pause = pause
        self.summary = summary
        self.reached = reached
        self.isStopping = isStopping
        self.pending = pending
        self.inProgress = inProgress
        self.nodes = nodes
        self.waits = waits
    }
}
