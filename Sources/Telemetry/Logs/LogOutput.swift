import Dispatch
import Logging
import Synchronization
package import Support

/// The one place where log lines and the progress line meet, so that neither tears the other.
///
/// Shared by all log handlers and the progress line. Whoever logs never waits for the output: a line is put together and
/// kept under a lock, and a thread that isn't the concurrency pool's hands it to the sink in one call. While a status is
/// shown, that call also takes it off the screen and puts it back below the new line. Lines for which there is no room, as
/// the sink takes none, are dropped; once it does, a line of the log's own says how many.
package final class LogOutput: Sendable {
    /// Back to the first column, and everything on the line erased.
    private static let eraseLine = "\r\u{1B}[2K"
    /// How often ``flush(patience:)`` waits, at most, for an output that moves.
    private static let mostWaits = 5

    private struct State {
        var status: String?
        var backlog = LogBacklog()
        var isDraining = false
    }

    private let sink: any LineSink
    private let format: LogFormat
    private let clock: @Sendable () -> WallTime
    private let threadThatMayBlock = DispatchQueue(label: "purge-old-records.log")
    private let state = Mutex(State())

    /// - Parameter format: of the log's own lines.
    package init(
        sink: any LineSink = FileDescriptorSink(),
        format: LogFormat = .json,
        now: @escaping @Sendable () -> WallTime = { WallTime.now() }
    ) {
        self.sink = sink
        self.format = format
        clock = now
    }

    /// The time that a line written now should carry.
    package var now: WallTime { clock() }

    /// Whether a status would be seen at all.
    package var isTerminal: Bool { sink.terminalWidth != nil }

    /// Takes one line, which is written and ended soon, after those before it. The text holds no newline and nothing that
    /// would move a terminal's cursor.
    package func write(line: String) {
        change { $0.backlog.append(line: text(of: line, above: $0.status)) }
    }

    /// Shows a text in the terminal's last line, in place of the one shown so far; nil clears the line.
    ///
    /// The text stays below all lines written later. Too long a text is cut to the width of the terminal. Nothing
    /// happens when the output is no terminal.
    package func show(status new: String?) {
        change { state in
            guard let width = sink.terminalWidth else { return }
            if let new {
                state.backlog.append(status: Self.eraseLine + Self.fit(new, into: width))
            } else if state.status != nil {
                state.backlog.append(status: Self.eraseLine)
            }
            state.status = new
        }
    }

    /// Waits until everything is written; for the end of the program, as it blocks.
    ///
    /// - Parameter patience: after this time without a single line written, and after five times this time in any case, it
    ///   gives up.
    /// - Returns: whether everything was written.
    @discardableResult
    package func flush(patience: Duration = .seconds(2)) -> Bool {
        let end = DispatchSemaphore(value: 0)
        var written = state.withLock { $0.backlog.written }
        // Comes behind the drain that is under way.
        threadThatMayBlock.async { end.signal() }
        for _ in 0..<Self.mostWaits {
            if end.wait(timeout: .now() + patience / .seconds(1)) == .success { return true }
            let before = written
            written = state.withLock { $0.backlog.written }
            if written == before { return false }
        }
        return false
    }

    /// Changes what is to be written, and sees to it that it will be.
    private func change(_ body: (inout State) -> Void) {
        let isFirst = state.withLock { state in
            body(&state)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if isFirst { threadThatMayBlock.async { self.drain() } }
    }

    /// Writes until nothing is left.
    private func drain() {
        while let texts = state.withLock({ next(&$0) }) {
            for text in texts {
                sink.write(text)
                state.withLock { state in
                    state.backlog.noteWritten(text)
                    reportDropped(&state)
                }
            }
        }
    }

    private func next(_ state: inout State) -> [String]? {
        reportDropped(&state)
        let texts = state.backlog.take()
        state.isDraining = !texts.isEmpty
        return texts.isEmpty ? nil : texts
    }

    private func reportDropped(_ state: inout State) {
        guard state.backlog.isFlowingAgain else { return }
        let count = state.backlog.dropped
        let line = format.line(
            .warning,
            "Dropped \(count) log line\(count == 1 ? "" : "s"), as nobody read the log fast enough",
            [("dropped_lines", .stringConvertible(count))],
            at: now
        )
        state.backlog.append(report: text(of: line, above: state.status))
    }

    private func text(of line: String, above status: String?) -> String {
        guard let status, let width = sink.terminalWidth else { return line + "\n" }
        return "\(Self.eraseLine)\(line)\n\(Self.fit(status, into: width))"
    }

    /// Leaves the last column free, as many terminals wrap when it is written to.
    private static func fit(_ text: String, into width: Int) -> String {
        let room = max(0, width - 1)
        guard text.count > room else { return text }
        return room == 0 ? "" : text.prefix(room - 1) + "…"
    }
}
