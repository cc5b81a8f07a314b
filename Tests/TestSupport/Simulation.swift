import Synchronization

/// Runs concurrent code on the calling thread in simulated time, the same way every time.
///
/// Tasks take turns in the order in which they became ready. When all of them wait, the clock is advanced to the next
/// sleeper: minutes pass in no time. Only structured tasks are part of the simulation.
package final class Simulation: TaskExecutor {
    /// The simulated code can't end.
    package enum Stuck: Error {
        /// Every task waits, and none for time to pass.
        case deadlock
        /// More time passed, or more turns were taken, than the simulation allows.
        case endless
    }

    package let time: ManualTime
    private let ready = Mutex<[UnownedJob]>([])

    package init(time: ManualTime = ManualTime()) { self.time = time }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        ready.withLock { $0.append(job) }
    }

    /// Runs `body` to its end.
    ///
    /// - Parameter longest: the simulated time that it may take.
    package func run<Result: Sendable>(
        longest: Duration = .seconds(7 * 86_400),
        _ body: @escaping @Sendable () async -> Result
    ) throws(Stuck) -> Result {
        let box = Box<Result>()
        Task(executorPreference: self) {
            let value = await body()
            box.value.withLock { $0 = value }
        }
        let deadline = time.now + longest
        var turns = 0
        while true {
            let jobs = ready.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            for job in jobs {
                job.runSynchronously(on: asUnownedTaskExecutor())
            }
            turns += jobs.count
            if let value = box.value.withLock({ $0 }) { return value }
            if turns > 5_000_000 || time.now > deadline { throw .endless }
            if jobs.isEmpty, !time.advanceToNextSleeper() { throw .deadlock }
        }
    }

    private final class Box<Result: Sendable>: Sendable {
        let value = Mutex<Result?>(nil)
    }
}
