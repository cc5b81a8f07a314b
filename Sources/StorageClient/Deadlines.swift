import Synchronization

/// Cancels what takes too long, with one timer for all.
///
/// A timer for each would cost more than what it watches: a sleep that was cancelled keeps its memory until it would
/// have ended. Deadlines are therefore kept to a quarter of a second only.
final class Deadlines: Sendable {
    private typealias Instant = ContinuousClock.Instant

    private struct Running {
        var last = 0
        var tasks: [Int: (deadline: Instant, task: Task<Void, Never>)] = [:]
    }

    private final class Watched: Sendable {
        let running = Mutex(Running())

        func cancelOverdue() {
            let now = Instant.now
            let overdue = running.withLock { $0.tasks.values.filter { $0.deadline <= now }.map(\.task) }
            overdue.forEach { $0.cancel() }
        }
    }

    private static let precision = Duration.milliseconds(250)

    private let watched = Watched()
    private let watching: Task<Void, Never>

    init() {
        watching = Task { [watched] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.precision)
                watched.cancelOverdue()
            }
        }
    }

    deinit { watching.cancel() }

    /// Runs the operation, and cancels it when this much time has passed or when the calling task is cancelled.
    func run(within limit: Duration, _ operation: @escaping @Sendable () async -> Void) async {
        let task = Task { await operation() }
        let id = watched.running.withLock { running in
            running.last += 1
            running.tasks[running.last] = (.now + limit, task)
            return running.last
        }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        watched.running.withLock { _ = $0.tasks.removeValue(forKey: id) }
    }
}
