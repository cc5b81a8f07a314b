import Synchronization
import Telemetry

/// Keeps every write apart, and is a terminal when given a width.
final class CapturingSink: LineSink {
    private let state: Mutex<(width: Int?, writes: [String])>

    init(terminalWidth: Int? = nil) {
        state = Mutex((terminalWidth, []))
    }

    var terminalWidth: Int? {
        get { state.withLock { $0.width } }
        set { state.withLock { $0.width = newValue } }
    }

    var writes: [String] { state.withLock { $0.writes } }

    func write(_ text: String) {
        state.withLock { $0.writes.append(text) }
    }
}

extension LogOutput {
    /// An output whose clock always shows the same moment: 2026-01-02 03:04:05.678901 UTC.
    static func fixed(_ sink: CapturingSink) -> LogOutput {
        LogOutput(sink: sink) { WallTime(sinceEpoch: .seconds(1_767_323_045) + .microseconds(678_901)) }
    }
}
