import Logging
import Telemetry
import Testing

struct LogOutputTests {
    @Test("Lines of many tasks are each written whole, in one write")
    func concurrentLines() async {
        let sink = CapturingSink(terminalWidth: 200)
        let output = LogOutput.fixed(sink)
        let logger = Logger(label: "test") { _ in LineLogHandler(.json, output: output, level: .info) }
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<100 {
                        logger.info("line", metadata: ["id": .stringConvertible(task * 100 + number)])
                    }
                }
            }
        }
        let numbers = sink.writes.compactMap { write in
            write.split(separator: #""id":"#).last?.dropLast(2)
        }
        #expect(sink.writes.count == 800)
        #expect(sink.writes.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}\n") })
        #expect(Set(numbers.compactMap { Int($0) }) == Set(0..<800))
    }

    @Test("A status is cut to the width that the terminal has at the moment")
    func cutToWidth() {
        let sink = CapturingSink(terminalWidth: 10)
        let output = LogOutput.fixed(sink)
        output.show(status: "123456789")
        output.show(status: "1234567890")
        sink.terminalWidth = 6
        output.write(line: "x")
        sink.terminalWidth = 1
        output.show(status: "1234567890")
        #expect(
            sink.writes == [
                "\r\u{1B}[2K123456789", "\r\u{1B}[2K12345678…", "\r\u{1B}[2Kx\n1234…", "\r\u{1B}[2K",
            ]
        )
    }

    @Test("A status is not shown where there is no terminal, and clearing what is not there writes nothing")
    func noTerminal() {
        let sink = CapturingSink()
        let output = LogOutput.fixed(sink)
        output.show(status: "x")
        output.show(status: nil)
        output.write(line: "y")
        let terminal = CapturingSink(terminalWidth: 80)
        LogOutput.fixed(terminal).show(status: nil)
        #expect(sink.writes == ["y\n"])
        #expect(terminal.writes.isEmpty)
        #expect(!output.isTerminal)
    }
}
