import Synchronization

/// A clock that stands still until it is told to move.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var sinceStart: Duration = .zero

        func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }
        func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }
        static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    }

    private struct Sleeper {
        let deadline: Instant
        let wakeUp: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant()
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        /// Those who wait until this many sleeps have begun, ever.
        var observers: [(count: Int, notify: CheckedContinuation<Void, Never>)] = []
        var begun = 0
    }

    private let state = Mutex(State())

    var now: Instant { state.withLock { $0.now } }
    let minimumResolution = Duration.nanoseconds(1)

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (result, observers) = state.withLock { state in
                    state.begun += 1
                    let ready = state.observers.filter { $0.count <= state.begun }
                    state.observers.removeAll { $0.count <= state.begun }
                    return (begin(id, until: deadline, continuation, in: &state), ready)
                }
                if let result {
                    continuation.resume(with: result)
                }
                for observer in observers {
                    observer.notify.resume()
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(id)
                return state.sleepers.removeValue(forKey: id)
            }
            sleeper?.wakeUp.resume(throwing: CancellationError())
        }
    }

    /// Moves on, and wakes everyone whose time has come.
    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys {
                state.sleepers[id] = nil
            }
            return due.values.map(\.wakeUp)
        }
        for continuation in due {
            continuation.resume()
        }
    }

    /// Returns when this many sleeps have begun since the clock was made.
    func sleepsBegun(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.begun < count else { return true }
                state.observers.append((count, continuation))
                return false
            }
            if isThere {
                continuation.resume()
            }
        }
    }

    private func begin(
        _ id: Int,
        until deadline: Instant,
        _ continuation: CheckedContinuation<Void, any Error>,
        in state: inout State
    ) -> Result<Void, any Error>? {
        if state.cancelled.contains(id) {
            return .failure(CancellationError())
        }
        if deadline <= state.now {
            return .success(())
        }
        state.sleepers[id] = Sleeper(deadline: deadline, wakeUp: continuation)
        return nil
    }
}
