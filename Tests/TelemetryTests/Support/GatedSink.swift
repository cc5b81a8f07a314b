import Dispatch
import Synchronization
import Telemetry

/// An output that stands still until it is opened.
final class GatedSink: LineSink {
    private let gate = DispatchSemaphore(value: 0)
    private let (begun, signal) = AsyncStream<Never>.makeStream()
    private let written = Mutex<[String]>([])
    let terminalWidth: Int?

    init(terminalWidth: Int? = nil) { self.terminalWidth = terminalWidth }

    var writes: [String] { written.withLock { $0 } }

    func write(_ text: String) {
        signal.finish()
        gate.wait()
        gate.signal()
        written.withLock { $0.append(text) }
    }

    /// Returns when a text stands at the gate.
    func isStanding() async {
        for await _ in begun {}
    }

    /// From here on, all goes through.
    func open() { gate.signal() }
}
