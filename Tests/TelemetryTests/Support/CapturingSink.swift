import Synchronization
import Telemetry
import Support

/// Keeps every write apart, and is a terminal when given a width.
final class CapturingSink: LineSink {
    private struct Writer: Sendable {
        weak var output: LogOutput?
    }

    private struct State {
        var width: Int?
        var writes: [String] = []
        var writers: [Writer] = []
    }

    private let state: Mutex<State>

    init(terminalWidth: Int? = nil) {
        state = Mutex(State(width: terminalWidth))
    }

    var terminalWidth: Int? {
        get { state.withLock { $0.width } }
        set { state.withLock { $0.width = newValue } }
    }

    /// What was written, once all that was logged is.
    var writes: [String] {
        flush()
        return state.withLock { $0.writes }
    }

    /// What others logged to this sink so far comes before what this output will write.
    fileprivate func isWritten(by output: LogOutput) {
        flush()
        state.withLock { $0.writers.append(Writer(output: output)) }
    }

    private func flush() {
        for writer in state.withLock({ $0.writers }) { writer.output?.flush() }
    }

    func write(_ text: String) {
        state.withLock { $0.writes.append(text) }
    }
}

extension LogOutput {
    /// An output whose clock always shows the same moment: 2026-01-02 03:04:05.678901 UTC.
    static func fixed(_ sink: any LineSink, format: LogFormat = .json) -> LogOutput {
        let output = LogOutput(sink: sink, format: format) {
            WallTime(sinceEpoch: .seconds(1_767_323_045) + .microseconds(678_901))
        }
        (sink as? CapturingSink)?.isWritten(by: output)
        return output
    }
}
