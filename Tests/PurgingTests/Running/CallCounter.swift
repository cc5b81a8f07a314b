import Purging
import Synchronization

/// Throws once, at a certain call.
final class CallCounter: Sendable {
    private let calls = Mutex(0)
    private let failing: Int

    init(failingAt failing: Int) { self.failing = failing }

    func call() throws {
        let number = calls.withLock { calls in
            calls += 1
            return calls
        }
        if number == failing { throw StoreError.failed("lost") }
    }
}
