import Foundation
import Sandbox
import Testing

/// What the program writes to stands still: a pipe that nobody reads.
@Suite("Outputs that stand still")
struct StandingStillTests {
    @Test("nobody reads the log: the run goes on, purges everything, and the program ends")
    func nobodyReads() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...2000))
            let log = Pipe()
            let running = try Program.purge.start(
                ["--oneshot", "-v", "-v"],
                environment: world.environment,
                error: log.fileHandleForWriting
            )
            #expect(try await ended(running).code == 0)
            #expect(world.confirmed == 2000)
            #expect(try await world.uids().isEmpty)
            let text = Self.textNow(in: log)
            #expect(text.utf8.count > 30_000)
            // The last one may be torn, as the pipe was full.
            for line in text.split(separator: "\n").dropLast() {
                #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            }
        }
    }

    @Test("once somebody reads the log, it says how many lines are missing, and ends with the summary")
    func readLate() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...3500))
            let log = Pipe()
            let running = try Program.purge.start(
                ["-v", "-v"],
                environment: world.environment,
                error: log.fileHandleForWriting
            )
            try await eventually("everything is purged") { try await world.uids().isEmpty || !running.isRunning }
            var text = ""
            try await eventually("the log says what is missing") {
                text += Self.textNow(in: log)
                return text.contains("dropped_lines") || !running.isRunning
            }
            running.send(SIGTERM)
            #expect(try await ended(running).code == 0)
            text += Self.textNow(in: log)
            let lines = try Program.Finished(code: 0, output: "", error: text).logLines()
            let reports = lines.compactMap { $0["dropped_lines"] as? Int }
            #expect(reports.count == 1 && reports.allSatisfy { $0 > 0 }, "\(reports)")
            #expect(lines.contains { ($0["message"] as? String)?.hasPrefix("Stopping") == true })
            #expect(lines.count > 1000)
        }
    }

    @Test("a second SIGTERM ends the program at once, though its log and its audit log stand still")
    func secondSignal() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...2000))
            let log = try Self.fullPipe()
            defer { withExtendedLifetime(log) {} }
            let audit = world.folder.appending(path: "audit.log").path
            let running = try Program.purge.start(
                ["-v", "-v", "--audit-log", audit],
                environment: world.environment,
                error: log.fileHandleForWriting
            )
            try await eventually("some are purged") { world.confirmed > 0 || !running.isRunning }
            // A pipe is no audit log to begin with, but this one takes the place of one that is reopened.
            try FileManager.default.removeItem(atPath: audit)
            try #require(mkfifo(audit, 0o600) == 0)
            let held = open(audit, O_RDONLY | O_NONBLOCK)
            defer { close(held) }
            running.send(SIGHUP)
            var (waiting, looks) = (Int32(0), 0)
            try await eventually("the audit log stands still") {
                let before = waiting
                _ = ioctl(held, UInt(FIONREAD), &waiting)
                looks = waiting > 20_000 && waiting == before ? looks + 1 : 0
                return looks > 50 || !running.isRunning
            }
            running.send(SIGTERM)
            try await eventually("the first signal is taken") {
                let status = try String(contentsOfFile: "/proc/\(running.pid)/status", encoding: .utf8)
                return status.contains(/ShdPnd:\t0+\n/)
            }
            #expect(running.isRunning)
            running.send(SIGTERM)
            let begin = ContinuousClock.now
            #expect(try await ended(running).code == 128 + SIGTERM)
            #expect(ContinuousClock.now - begin < .seconds(5))
        }
    }

    @Test("what can't be told, as nobody reads it, keeps no program from ending")
    func complaint() async throws {
        let pipe = try Self.fullPipe()
        // As long as its other end is open, whoever writes to it waits.
        defer { withExtendedLifetime(pipe) {} }
        let running = try Program.purge.start(["--nonsense"], error: pipe.fileHandleForWriting)
        #expect(try await ended(running).code == 64)
    }

    /// Its end, within a minute; else it is killed.
    private func ended(_ running: Program.Running) async throws -> Program.Finished {
        try await eventually("it ends") { !running.isRunning }
        if running.isRunning { running.send(SIGKILL) }
        return await running.finished()
    }

    private static func fullPipe() throws -> Pipe {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
        for size in [4096, 1] {
            let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: size)
            while write(descriptor, bytes, size) > 0 {}
        }
        try #require(errno == EAGAIN)
        _ = fcntl(descriptor, F_SETFL, flags)
        return pipe
    }

    /// What is in the pipe now.
    private static func textNow(in pipe: Pipe) -> String {
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var (text, bytes) = (Data(), [UInt8](repeating: 0, count: 65_536))
        while true {
            let count = read(descriptor, &bytes, bytes.count)
            if count <= 0 { return String(decoding: text, as: UTF8.self) }
            text += bytes[..<count]
        }
    }
}
