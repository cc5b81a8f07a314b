import Foundation
import Testing

@testable import Telemetry

/// The log while its output stands still.
struct BlockedLogTests {
    /// With its newline, a thousandth of the bound, and a bit.
    private static let line = String(repeating: "x", count: 1100)
    private static let reportStart = "Dropped "

    @Test("Whoever logs goes on at once, and what was logged is written in order once the output moves")
    func keepsOrder() async {
        let sink = GatedSink()
        let output = LogOutput.fixed(sink)
        for number in 0..<1000 { output.write(line: "\(number)") }
        await sink.isStanding()
        #expect(sink.writes.isEmpty)
        sink.open()
        #expect(output.flush())
        #expect(sink.writes == (0..<1000).map { "\($0)\n" })
    }

    @Test("Nobody reads the pipe: whoever logs goes on at once; once somebody reads, the lines say what is missing")
    func nobodyReads() throws {
        let pipe = Pipe()
        let output = LogOutput.fixed(FileDescriptorSink(descriptor: pipe.fileHandleForWriting.fileDescriptor))
        for number in 0..<20_000 { output.write(line: "\(number) \(String(repeating: "x", count: 100))") }
        #expect(!output.flush(patience: .milliseconds(1)))
        let (lines, read) = (LockedText(), DispatchSemaphore(value: 0))
        let reader = Thread {
            lines.append(pipe.fileHandleForReading.readDataToEndOfFile())
            read.signal()
        }
        reader.start()
        #expect(output.flush())
        output.write(line: "20000 end")
        #expect(output.flush())
        try pipe.fileHandleForWriting.close()
        read.wait()
        let all = lines.text.split(separator: "\n")
        let numbers = all.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
        let report = try #require(all.firstIndex { $0.contains(Self.reportStart) })
        #expect(report == all.count - 2)
        #expect(numbers == Array(0..<report) + [20_000])
        #expect(all[report].contains(#""dropped_lines":\#(20_000 - report)}"#))
    }

    @Test(
        "Beyond the bound lines are dropped, and the log says how many, as its other lines look",
        arguments: [
            (
                LogFormat.json,
                #"{"severity":"WARNING","message":"Dropped COUNT log lines, as nobody read the log fast enough","#
                    + #""timestamp":"2026-01-02T03:04:05.678901Z","dropped_lines":COUNT}"#
            ),
            (
                .human,
                "2026-01-02 03:04:05Z WARNING Dropped COUNT log lines, as nobody read the log fast enough dropped_lines=COUNT"
            ),
        ]
    )
    func drops(format: LogFormat, expected: String) async {
        let sink = GatedSink()
        let output = LogOutput.fixed(sink, format: format)
        for _ in 0..<2000 { output.write(line: Self.line) }
        await sink.isStanding()
        // Would fit, but comes after a gap.
        output.write(line: "late")
        sink.open()
        #expect(output.flush())
        output.write(line: "after")
        #expect(output.flush())
        let kept = LogBacklog.capacity / (Self.line.utf8.count + 1)
        #expect(sink.writes.prefix(kept).allSatisfy { $0 == Self.line + "\n" })
        let report = expected.replacing("COUNT", with: "\(2001 - kept)")
        #expect(sink.writes.dropFirst(kept) == [report + "\n", "after\n"])
    }

    @Test("A line longer than the bound is dropped, and that is said")
    func giant() {
        let sink = CapturingSink()
        let output = LogOutput.fixed(sink, format: .human)
        output.write(line: "before")
        output.write(line: String(repeating: "x", count: LogBacklog.capacity))
        #expect(sink.writes.count == 2)
        #expect(sink.writes.last?.contains("Dropped 1 log line, as nobody") == true)
    }

    @Test(
        "A terminal that stood still gets whole lines, the number of those that are missing, and the last status below"
    )
    func statusBelow() async {
        let erase = "\r\u{1B}[2K"
        let sink = GatedSink(terminalWidth: 80)
        let output = LogOutput.fixed(sink, format: .human)
        output.show(status: "first")
        for number in 0..<2000 {
            output.write(line: Self.line)
            output.show(status: "\(number)")
        }
        for number in 2000..<100_000 { output.show(status: "\(number)") }
        await sink.isStanding()
        sink.open()
        #expect(output.flush())
        #expect(sink.writes.count < 3000)
        #expect(sink.writes.allSatisfy { $0.hasPrefix(erase) && $0.count { $0 == "\n" } <= 1 })
        let lines = sink.writes.filter { $0.contains("\n") }
        #expect(lines.last?.contains(Self.reportStart) == true)
        #expect(lines.last?.hasSuffix("\n99999") == true)
        output.show(status: nil)
        #expect(output.flush())
        #expect(sink.writes.last == erase)
    }

    @Test("At the end the output is waited for, but not for ever")
    func flushing() {
        let sink = GatedSink()
        let output = LogOutput.fixed(sink)
        #expect(output.flush())
        output.write(line: "x")
        #expect(!output.flush(patience: .milliseconds(10)))
        sink.open()
        #expect(output.flush())
        #expect(sink.writes == ["x\n"])
    }
}
