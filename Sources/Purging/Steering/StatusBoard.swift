import Synchronization

/// Where a run writes what it is doing, about once a second, for whoever asks.
package final class StatusBoard: Sendable {
    private let current = Mutex<RunStatus?>(nil)

    package init() {}

    /// Nil between runs.
    package var status: RunStatus? { current.withLock { $0 } }

    func publish(_ status: RunStatus?) { current.withLock { $0 = status } }
}
