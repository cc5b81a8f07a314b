import Synchronization

/// Where a run writes what it is doing, about once a second, and a service when it goes on, for whoever asks.
package final class StatusBoard: Sendable {
    package struct Content: Sendable {
        /// What the run does; nil before it has come so far, and after it.
        package fileprivate(set) var status: RunStatus?
        /// When the status was written; nil without one.
        package fileprivate(set) var writtenAt: ContinuousClock.Instant?
        /// Whether the last run to write here has purged what it could.
        package fileprivate(set) var isOver = false
        /// What is known of the nodes, from this run and the one before it.
        package fileprivate(set) var nodes: [RunStatus.NodeStatus] = []
        /// Whether a service waits for its next run.
        package fileprivate(set) var isWaiting = false
        /// When that begins; nil if it isn't known.
        package fileprivate(set) var nextRun: Milliseconds?
    }

    private let current = Mutex(Content())

    package init() {}

    package var content: Content { current.withLock { $0 } }

    /// Nil between runs.
    package var status: RunStatus? { content.status }

    /// A run begins: it has not come to purge yet.
    package func begin() {
        current.withLock { content in
            content.isOver = false
            content.isWaiting = false
            content.nextRun = nil
        }
    }

    package func publish(_ status: RunStatus, at now: ContinuousClock.Instant) {
        current.withLock { content in
            let present = Set(status.nodes.map(\.url))
            let others = content.nodes.filter { !present.contains($0.url) }
            content.status = status
            content.writtenAt = now
            content.nodes = status.nodes + others
        }
    }

    /// The run has purged what it could. Nodes that it did not meet are forgotten: they may be down, or gone.
    package func clear() {
        current.withLock { content in
            content.nodes = content.status?.nodes.map(\.atRest) ?? []
            content.status = nil
            content.writtenAt = nil
            content.isOver = true
        }
    }

    /// - Parameter nextRun: nil if it depends on others.
    package func wait(forRunAt nextRun: Milliseconds?) {
        current.withLock { content in
            content.isWaiting = true
            content.nextRun = nextRun
        }
    }
}
