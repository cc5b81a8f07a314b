import Synchronization

/// A request to stop that is made once and seen by everyone who waits for it.
package final class StopSignal: Sendable {
    private struct State {
        var isRequested = false
        var lastWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package var isRequested: Bool { state.withLock(\.isRequested) }

    /// Idempotent.
    package func request() {
        let waiters = state.withLock { state in
            state.isRequested = true
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        waiters.forEach { $0.resume() }
    }

    /// Does something that may take long, and gives it up (cancels it) as soon as a stop is requested.
    ///
    /// - Returns: nil if it was given up.
    package func unlessRequested<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await self.wait()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Returns at the deadline, or as soon as a stop was requested.
    package func pause(until deadline: ContinuousClock.Instant, _ time: any TimeSource) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await time.sleep(until: deadline) }
            group.addTask { await self.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns once a stop was requested, or when the task is cancelled.
    package func wait() async {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isRequested || Task.isCancelled { return true }
                    state.waiters[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }
}
