import Dispatch
package import Purging
import Synchronization

/// Looks at the pause file on a thread of its own, and waits for it a while only: on a file system that hangs, nobody can tell
/// whether the file exists, and that is a reason to pause. The run goes on hearing of everything else.
package final class BoundedLook: Sendable {
    private let path: String
    private let limit: Duration
    private let look: @Sendable () -> SendOrders
    private let queue = DispatchQueue(label: "purge-old-records.pause-file")
    private let isLooking = Mutex(false)

    convenience init(at file: PauseFile) { self.init(path: file.path) { file.orders() } }

    /// - Parameter look: may take any time.
    package init(path: String, limit: Duration = .seconds(2), look: @escaping @Sendable () -> SendOrders) {
        self.path = path
        self.limit = limit
        self.look = look
    }

    package func orders() async -> SendOrders {
        // One that hangs is enough.
        let isFirst = isLooking.withLock { isLooking in
            defer { isLooking = true }
            return !isLooking
        }
        guard isFirst else { return unknown }
        return await withCheckedContinuation { continuation in
            let caller = Caller(continuation)
            queue.async {
                let orders = self.look()
                self.isLooking.withLock { $0 = false }
                caller.resume(orders)
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) { caller.resume(self.unknown) }
        }
    }

    private var unknown: SendOrders {
        SendOrders(pause: .unknownFile(path, problem: "its file system does not answer"))
    }

    /// Resumed by whoever comes first.
    private final class Caller: Sendable {
        private let continuation: Mutex<CheckedContinuation<SendOrders, Never>?>

        init(_ continuation: CheckedContinuation<SendOrders, Never>) { self.continuation = Mutex(continuation) }

        func resume(_ orders: SendOrders) {
            continuation.withLock { continuation in
                defer { continuation = nil }
                return continuation
            }?.resume(returning: orders)
        }
    }
}
