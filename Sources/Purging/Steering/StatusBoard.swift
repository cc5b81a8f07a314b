import Synchronization

/// Where a run writes what it is doing, about once a second, and a service when it goes on, for whoever asks.
package final class StatusBoard: Sendable {
    package struct Content: Sendable {
        /// Nil between runs.
        package fileprivate(set) var status: RunStatus?
        /// When the status was written; nil between runs.
        package fileprivate(set) var writtenAt: ContinuousClock.Instant?
        /// What is known of the nodes, also from earlier runs.
        package fileprivate(set) var nodes: [RunStatus.NodeStatus] = []
        /// When the next run begins; nil during a run, or if that isn't known.
        package fileprivate(set) var nextRun: Milliseconds?
    }

    private let current = Mutex(Content())

    package init() {}

    package var content: Content { current.withLock { $0 } }

    /// Nil between runs.
    package var status: RunStatus? { content.status }

    package func publish(_ status: RunStatus, at now: ContinuousClock.Instant) {
        current.withLock { content in
            let present = Set(status.nodes.map(\.url))
            let others = content.nodes.filter { !present.contains($0.url) }.map(\.atRest)
            content = Content(status: status, writtenAt: now, nodes: status.nodes + others, nextRun: nil)
        }
    }

    /// The run is over.
    package func clear() {
        current.withLock { content in
            content.status = nil
            content.writtenAt = nil
            content.nodes = content.nodes.map(\.atRest)
        }
    }

    package func announce(nextRun: Milliseconds) { current.withLock { $0.nextRun = nextRun } }
}
