package import Purging
import Synchronization

/// Clocks that stand still until they are advanced by hand.
///
/// Sleepers whose deadline has come are woken in the order of their deadlines, those with the same one in the order in
/// which they fell asleep. A sleeper whose task is cancelled wakes at once.
package final class ManualTime: TimeSource {
    package typealias Instant = ContinuousClock.Instant

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var elapsed = Duration.zero
        var jumped = Duration.zero
        var lastSleeper = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    private let start = ContinuousClock.now
    private let wallStart: Timestamp
    private let state = Mutex(State())

    package init(wallTime: Timestamp = Timestamp(1_700_000_000_000)) { wallStart = wallTime }

    package var now: Instant { start + elapsed }

    package var wallTime: Timestamp { wallStart.advanced(by: elapsed + state.withLock(\.jumped)) }

    /// Sets the wall's clock, and no other one.
    package func jump(by duration: Duration) { state.withLock { $0.jumped += duration } }

    /// How far the clocks were advanced in all.
    package var elapsed: Duration { state.withLock(\.elapsed) }

    /// How many tasks sleep.
    package var sleeperCount: Int { state.withLock(\.sleepers.count) }

    package func advance(by duration: Duration) { advance(to: now + duration) }

    /// Does nothing if `moment` is past.
    package func advance(to moment: Instant) {
        let woken = state.withLock { state in
            state.elapsed = max(state.elapsed, moment - start)
            let now = start + state.elapsed
            let due = state.sleepers.filter { $0.value.deadline <= now }
                .sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
            for (id, _) in due {
                state.sleepers[id] = nil
            }
            return due.map(\.value.continuation)
        }
        woken.forEach { $0.resume() }
    }

    /// Advances to the moment for which the next sleeper waits.
    ///
    /// - Returns: false if nobody sleeps.
    package func advanceToNextSleeper() -> Bool {
        guard let next = state.withLock({ $0.sleepers.values.map(\.deadline).min() }) else { return false }
        advance(to: next)
        return true
    }

    package func sleep(until deadline: Instant) async {
        let id = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if deadline <= start + state.elapsed || Task.isCancelled { return true }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}
