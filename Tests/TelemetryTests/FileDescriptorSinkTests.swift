import Foundation
import Telemetry
import Testing

struct FileDescriptorSinkTests {
    private struct NoPipe: Error {}

    /// Both ends of a pipe; the test closes them.
    private static func makePipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw NoPipe() }
        return (ends[0], ends[1])
    }

    /// What is in the pipe now. There has to be something, or the writing end closed.
    private static func read(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = readBytes(descriptor, &bytes)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    private static func readBytes(_ descriptor: Int32, _ bytes: inout [UInt8]) -> Int {
        bytes.withUnsafeMutableBytes { buffer in Foundation.read(descriptor, buffer.baseAddress, buffer.count) }
    }

    @Test("Text arrives as it is, and a pipe is no terminal")
    func writesText() throws {
        let (reading, writing) = try Self.makePipe()
        defer {
            close(reading)
            close(writing)
        }
        let sink = FileDescriptorSink(descriptor: writing)
        sink.write("one\n")
        sink.write("zwei ü\n")
        #expect(Self.read(reading) == "one\nzwei ü\n")
        #expect(sink.terminalWidth == nil)
    }

    @Test("A reader that went away and a descriptor that is closed lose text, nothing more")
    func brokenPipe() throws {
        signal(SIGPIPE, SIG_IGN)
        let (reading, writing) = try Self.makePipe()
        close(reading)
        FileDescriptorSink(descriptor: writing).write("lost\n")
        close(writing)
        FileDescriptorSink(descriptor: -1).write("lost\n")
    }

    @Test("A full pipe is waited for, though it be non-blocking, and nothing is lost")
    func fullPipe() throws {
        let (reading, writing) = try Self.makePipe()
        defer { close(reading) }
        _ = fcntl(writing, F_SETFL, O_NONBLOCK)
        let text = String(repeating: "x", count: 1 << 18)
        let sink = FileDescriptorSink(descriptor: writing)
        let thread = Thread {
            sink.write(text + "\n")
            sink.write("last\n")
            close(writing)
        }
        thread.start()
        var all = ""
        while true {
            let part = Self.read(reading)
            if part.isEmpty { break }
            all += part
        }
        #expect(all == text + "\nlast\n")
    }

    @Test("What was torn, as the reader went away, is ended before the next line")
    func tornLine() throws {
        signal(SIGPIPE, SIG_IGN)
        let path = FileManager.default.temporaryDirectory.appending(path: "torn-\(UUID().uuidString)").path
        try #require(mkfifo(path, 0o600) == 0)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let first = open(path, O_RDONLY | O_NONBLOCK)
        let writing = open(path, O_WRONLY)
        defer { close(writing) }
        let sink = FileDescriptorSink(descriptor: writing)
        // The pipe takes a part of the text; the reader goes away while the rest waits.
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            sink.write(String(repeating: "x", count: 1 << 18) + "\n")
            ended.signal()
        }
        thread.start()
        var request = pollfd(fd: first, events: Int16(POLLIN), revents: 0)
        #expect(poll(&request, 1, 10_000) == 1)
        close(first)
        ended.wait()
        let second = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(second) }
        let torn = Self.read(second)
        #expect(!torn.isEmpty && torn.allSatisfy { $0 == "x" })
        sink.write("next\n")
        sink.write("last\n")
        #expect(Self.read(second) == "\nnext\nlast\n")
    }

    @Test("A terminal's width is the one its window has; an unknown one counts as 80 columns")
    func terminalWidth() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        let sink = FileDescriptorSink(descriptor: terminal)
        #expect(sink.terminalWidth == 80)
        var size = winsize(ws_row: 24, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
        #expect(sink.terminalWidth == 132)
    }
}
