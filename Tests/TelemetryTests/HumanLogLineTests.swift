import Logging
import Telemetry
import Testing

struct HumanLogLineTests {
    private let sink = CapturingSink()

    private func logger(on sink: CapturingSink) -> Logger {
        let output = LogOutput.fixed(sink)
        return Logger(label: "test") { _ in LineLogHandler(.human, output: output, level: .trace) }
    }

    @Test("A line shows time, level, message and the fields sorted by key")
    func layout() {
        logger(on: sink).info("run finished", metadata: ["uid": .stringConvertible(7), "node": "https://a.example"])
        #expect(sink.writes == ["2026-01-02 03:04:05Z INFO    run finished node=https://a.example uid=7\n"])
    }

    @Test("Messages of all usual levels begin in the same column")
    func columns() {
        for level in [Logger.Level.trace, .debug, .info, .notice, .warning, .error] {
            logger(on: sink).log(level: level, "x")
        }
        #expect(sink.writes.allSatisfy { $0.hasSuffix("x\n") && $0.count == 31 })
        #expect(sink.writes.last == "2026-01-02 03:04:05Z ERROR   x\n")
    }

    @Test("Values that could be misread are quoted, and containers shown as JSON")
    func quoting() {
        logger(on: sink).info(
            "x",
            metadata: ["a": "two words", "b": "", "c": "q\"q", "d": "k=v", "e": ["n": [.stringConvertible(1)]]]
        )
        #expect(
            sink.writes == [
                #"2026-01-02 03:04:05Z INFO    x a="two words" b="" c="q\"q" d="k=v" e={"n":[1]}"# + "\n"
            ]
        )
    }

    @Test("Control characters in message, key and value are shown, not obeyed")
    func controlCharacters() {
        logger(on: sink).info("say \"hi\" \\ \u{1B}[2J\r\nfake", metadata: ["k\u{7}": "\u{1B}]0;t"])
        #expect(
            sink.writes == [
                #"2026-01-02 03:04:05Z INFO    say "hi" \ \u001b[2J\r\nfake k\u0007="\u001b]0;t""# + "\n"
            ]
        )
    }

    @Test("On a terminal a line replaces the progress line, which is drawn again below it, in one write")
    func belowTheLines() {
        let terminal = CapturingSink(terminalWidth: 80)
        let output = LogOutput.fixed(terminal)
        let logger = Logger(label: "test") { _ in LineLogHandler(.human, output: output, level: .info) }
        output.show(status: "half done")
        logger.info("x")
        output.show(status: nil)
        logger.info("y")
        #expect(
            terminal.writes == [
                "\r\u{1B}[2Khalf done",
                "\r\u{1B}[2K2026-01-02 03:04:05Z INFO    x\nhalf done",
                "\r\u{1B}[2K",
                "2026-01-02 03:04:05Z INFO    y\n",
            ]
        )
    }
}
