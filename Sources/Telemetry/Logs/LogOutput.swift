import Synchronization

/// The one place where log lines and the progress line meet, so that neither tears the other.
///
/// Shared by all log handlers and the progress line. A line goes to the sink in one call, under a lock; while a status
/// is shown, that call also takes it off the screen and puts it back below the new line.
package final class LogOutput: Sendable {
    /// Back to the first column, and everything on the line erased.
    private static let eraseLine = "\r\u{1B}[2K"

    private let sink: any LineSink
    private let clock: @Sendable () -> WallTime
    private let status = Mutex<String?>(nil)

    package init(
        sink: any LineSink = FileDescriptorSink(),
        now: @escaping @Sendable () -> WallTime = { WallTime.now() }
    ) {
        self.sink = sink
        clock = now
    }

    /// The time that a line written now should carry.
    package var now: WallTime { clock() }

    /// Whether a status would be seen at all.
    package var isTerminal: Bool { sink.terminalWidth != nil }

    /// Writes one line and ends it. The text holds no newline and nothing that would move a terminal's cursor.
    package func write(line: String) {
        status.withLock { status in
            if let status, let width = sink.terminalWidth {
                sink.write("\(Self.eraseLine)\(line)\n\(Self.fit(status, into: width))")
            } else {
                sink.write(line + "\n")
            }
        }
    }

    /// Shows a text in the terminal's last line, in place of the one shown so far; nil clears the line.
    ///
    /// The text stays below all lines written later. Too long a text is cut to the width of the terminal. Nothing
    /// happens when the output is no terminal.
    package func show(status new: String?) {
        status.withLock { status in
            guard let width = sink.terminalWidth else { return }
            if let new {
                sink.write(Self.eraseLine + Self.fit(new, into: width))
            } else if status != nil {
                sink.write(Self.eraseLine)
            }
            status = new
        }
    }

    /// Leaves the last column free, as many terminals wrap when it is written to.
    private static func fit(_ text: String, into width: Int) -> String {
        let room = max(0, width - 1)
        guard text.count > room else { return text }
        return room == 0 ? "" : text.prefix(room - 1) + "…"
    }
}
