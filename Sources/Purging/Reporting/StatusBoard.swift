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
        /// What is known of the nodes, from this run and those before it.
        package var nodes: [NodeStatus] { known.map(\.status) }
        fileprivate var known: [KnownNode] = []
        /// Whether a service waits for its next run.
        package fileprivate(set) var isWaiting = false
        /// When that begins; nil if it isn't known.
        package fileprivate(set) var nextRun: Timestamp?
        /// The other instance that it waits for, before it purges; nil if it doesn't.
        package fileprivate(set) var otherInstance: String?
    }

    fileprivate struct KnownNode: Sendable {
        var status: NodeStatus
        /// When a run had records of it last.
        var metAt: ContinuousClock.Instant
    }

    /// For so long a node is known that no run meets: those of other shards may have come between.
    private static let memory = Duration.seconds(2 * 3600)

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
            let others = content.known.filter { !present.contains($0.status.url) && now - $0.metAt < Self.memory }
            content.status = status
            content.writtenAt = now
            content.known = status.nodes.map { KnownNode(status: $0, metAt: now) } + others
        }
    }

    /// The run has purged what it could.
    ///
    /// - Parameters:
    ///   - sawAll: whether it went through the whole backlog. Nodes that it didn't meet are forgotten then: they are down, or
    ///     gone, or have nothing obsolete.
    ///   - secretWasRefused: whether no node accepted the secret. Then no node is in trouble for refusing everything.
    package func clear(sawAll: Bool, secretWasRefused: Bool = false) {
        current.withLock { content in
            let met = Set(content.status?.nodes.map(\.url) ?? [])
            content.known = content.known.filter { !sawAll || met.contains($0.status.url) }.map { node in
                KnownNode(status: node.status.atRest(secretWasRefused: secretWasRefused), metAt: node.metAt)
            }
            content.status = nil
            content.writtenAt = nil
            content.isOver = true
        }
    }

    /// Another instance purges the same backlog; nil once it has ended.
    package func wait(forInstance other: String?) { current.withLock { $0.otherInstance = other } }

    /// - Parameter nextRun: nil if it depends on others.
    package func wait(forRunAt nextRun: Timestamp?) {
        current.withLock { content in
            content.isWaiting = true
            content.nextRun = nextRun
        }
    }
}
