package import Logging
package import Purging
import Support
import Synchronization

/// Logs how far a long run has come, once a minute, also when nothing moves, with the time left at the pace of the last minute.
///
/// Records that are held or fail count as dealt with in the time left, and are named beside what was purged.
package final class ProgressLogObserver: RunObserver {
    private static let interval = Duration.seconds(60)

    private struct State {
        var total: Int?
        var handled = 0
        /// What the run waits for now.
        var waits: [NodeWait] = []
        /// When the last line was written, or the run's first news came; nil before.
        var lastLine: Duration?
    }

    private let logger: Logger
    private let verb: String
    private let elapsed: @Sendable () -> Duration
    private let state: Mutex<State>

    /// As ``ProgressObserver/limit``.
    private let limit: Int?

    /// - Parameter verb: what is done to the records, as the message's first word.
    package init<C: Clock>(logger: Logger, verb: String = "purged", limit: Int? = nil, clock: C = ContinuousClock())
    where C.Duration == Duration {
        let start = clock.now
        self.logger = logger
        self.verb = verb
        self.limit = limit
        elapsed = { start.duration(to: clock.now) }
        state = Mutex(State())
    }

    package func observe(_ event: RunEvent) {
        switch event {
        case .backlogCounted(let size, _):
            state.withLock { $0.total = size.toPurge > limit ?? .max ? nil : size.toPurge }
        case .waiting(let waits): state.withLock { $0.waits = waits }
        case .progressed(let done, let held, let failed): progressed(done, held, failed)
        case .finished: state.withLock { $0 = State() }
        default: break
        }
    }

    private func progressed(_ done: Int, _ held: Int, _ failed: Int) {
        let now = elapsed()
        let handled = done + held + failed
        let line = state.withLock { state -> (total: Int?, rate: Double, waits: [NodeWait])? in
            let waits = state.waits
            state.waits = []
            // The first minute of a run starts with its first news.
            guard let lastLine = state.lastLine, handled >= state.handled else {
                (state.handled, state.lastLine) = (handled, now)
                return nil
            }
            let span = now - lastLine
            if span < Self.interval { return nil }
            let rate = Double(handled - state.handled) / (span / .seconds(1))
            (state.handled, state.lastLine) = (handled, now)
            return (state.total, rate, waits)
        }
        guard let (total, rate, waits) = line else { return }
        let left = total.flatMap { $0 <= handled ? 0 : rate > 0 ? Double($0 - handled) / rate : nil }
        var metadata: Logger.Metadata = [
            "records_deleted": .stringConvertible(done), "records_held": .stringConvertible(held),
            "records_failed": .stringConvertible(failed),
            "records_per_s": .stringConvertible((rate * 10).rounded() / 10),
        ]
        metadata["records_to_purge"] = total.map { .stringConvertible($0) }
        metadata["time_left_s"] = left.map { .stringConvertible($0.rounded()) }
        let text = ProgressText(
            verb: verb,
            done: done,
            total: total,
            held: held,
            failed: failed,
            rate: rate,
            left: left.map { .seconds($0) }
        )
        logger.notice("\(text.line)", metadata: metadata)
        if let first = waits.first {
            let others = waits.count > 1 ? ", and \(Figures.counted(waits.count - 1, "other node"))" : ""
            logger.notice(
                "The run waits for a node, at least \(Figures.timeLeft(first.time)) more: \(first.reason)\(others)",
                metadata: ["node": .string(first.url), "wait_s": .stringConvertible(first.time.inSeconds.rounded())]
            )
        }
    }
}
