import Foundation
import Sandbox
import Testing

@Suite("Steering without a restart")
struct SteeringCommandTests {
    @Test("while the pause file exists nothing is sent, all that was confirmed is settled, and SIGUSR1 says so")
    func pauseFile() async throws {
        try await TestWorld.with { world in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(20)))
            try await world.add(SandboxRecord.obsolete(1...600))
            let file = world.folder.appending(path: "pause")
            let running = try Program.purge.start(
                ["--oneshot", "--concurrency", "2", "--pause-file", file.path],
                environment: world.environment
            )
            try await eventually("some are purged") { world.confirmed > 20 || !running.isRunning }
            #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
            try await eventually("it pauses") { running.errorSoFar.contains("Paused") || !running.isRunning }
            try await eventually("what was confirmed is settled") {
                try await world.uids().count == 600 - world.confirmed
            }
            let requests = world.requests
            running.send(SIGUSR1)
            try await eventually("it tells its state") { running.errorSoFar.contains("State of a node") }
            #expect(running.errorSoFar.contains("State: paused, because the pause file \(file.path) exists"))
            #expect(world.requests == requests)
            try FileManager.default.removeItem(at: file)
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(run.error.contains("Resumed after a pause"))
            #expect(try await world.uids().isEmpty)
        }
    }

    @Test("outside of all windows nothing is sent, and a stop ends it")
    func window() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...10))
            let calendar = Calendar(identifier: .gregorian)
            // Hours away from now, on whichever day.
            let hour = (calendar.dateComponents(in: .gmt, from: Date()).hour ?? 0) + 5
            let window = String(format: "%02d:00-%02d:00 UTC", hour % 24, (hour + 1) % 24)
            let running = try Program.purge.start(
                ["--oneshot", "--window", window],
                environment: world.environment
            )
            try await eventually("it pauses") { running.errorSoFar.contains("Paused") || !running.isRunning }
            running.send(SIGTERM)
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(try run.summary()["stop_reason"] as? String == "stop_requested")
            #expect(!run.error.contains("Resumed"))
            #expect(run.error.contains("the next of which opens at 20"))
            #expect(world.requests == 0)
            #expect(try await world.uids().count == 10)
        }
    }

    @Test(
        "what makes no sense is refused in one line",
        arguments: [
            (["--window", "22-6"], "--window has no times"), (["--window", "22:00-06:00 Mars"], "time zone"),
            (["--pause-file", "/nowhere/to/be/found/pause"], "--pause-file"), (["--pause-file", ""], "--pause-file"),
        ]
    )
    func refused(arguments: [String], words: String) async throws {
        try await TestWorld.with { world in
            let run = try await Program.purge.run(arguments + ["--oneshot"], environment: world.environment)
            #expect(run.code == 64)
            #expect(run.error.contains(words), "\(run.error)")
            #expect(run.error.split(separator: "\n").count == 2, "\(run.error)")
        }
    }
}
