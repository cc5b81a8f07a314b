import Synchronization

/// Shows how far long work has come, in one line at the bottom of a terminal.
///
/// Cheap to update as often as there is news: it draws at most eight times a second. Does nothing when the output is
/// no terminal. Log lines written to the same output scroll by above it.
package final class ProgressLine: Sendable {
    private static let pauseBetweenDrawings = Duration.milliseconds(125)
    /// Beyond this a forecast is no help.
    private static let longestForecast = Duration.seconds(1000 * 86400)

    private struct State {
        var done: ProgressRate
        var handled: ProgressRate
        var lastDrawing: Duration?

        init(at now: Duration) {
            done = ProgressRate(at: now)
            handled = ProgressRate(at: now)
        }
    }

    private let output: LogOutput
    private let verb: String
    private let elapsed: @Sendable () -> Duration
    private let state: Mutex<State>

    /// - Parameter verb: What is done to the things counted, as the line's first word.
    package init<C: Clock>(output: LogOutput, verb: String = "purged", clock: C = ContinuousClock())
    where C.Duration == Duration {
        let start = clock.now
        self.output = output
        self.verb = verb
        elapsed = { start.duration(to: clock.now) }
        state = Mutex(State(at: .zero))
    }

    /// Takes the counts since the start of the work and draws them, unless it did so a moment ago.
    ///
    /// `total` is everything there is to do, nil when unknown; what is held or failed counts as dealt with when the
    /// time left is estimated. A count below the last one starts the rate anew.
    package func update(done: Int, total: Int?, held: Int, failed: Int) {
        state.withLock { state in
            let now = elapsed()
            if let last = state.lastDrawing, now - last < Self.pauseBetweenDrawings { return }
            guard output.isTerminal else { return }
            let handled = done + held + failed
            state.lastDrawing = now
            state.done.record(done, at: now)
            state.handled.record(handled, at: now)
            let text = ProgressText(
                verb: verb,
                done: done,
                total: total,
                held: held,
                failed: failed,
                rate: state.done.perSecond,
                left: total.flatMap { Self.timeLeft(for: $0 - handled, at: state.handled.perSecond) }
            )
            output.show(status: text.line)
        }
    }

    /// Clears the line. Can be called at any time and more than once; an update after it starts a new line.
    package func finish() {
        state.withLock { state in
            state = State(at: elapsed())
            output.show(status: nil)
        }
    }

    private static func timeLeft(for remaining: Int, at rate: Double?) -> Duration? {
        guard remaining > 0 else { return .zero }
        guard let rate, rate > 0 else { return nil }
        let seconds = Double(remaining) / rate
        return seconds < longestForecast / .seconds(1) ? .seconds(seconds) : nil
    }
}
