import Foundation
import Sandbox
import TestSupport
import Testing

/// What it looks like in other states is in PageGalleryTests.
@Suite("The status page of a running program in a real browser", .serialized)
struct StatusPageBrowserTests {
    private func look(_ watcher: Watcher, _ name: String, _ look: String = "1280-light") throws -> PageBrowser.Look {
        try #require(try PageBrowser.look(at: watcher.url, name, [look]).first)
    }

    @Test("shows a busy run, a pause, and a node whose circuit is open; at a phone's width, and in the dark")
    func busy() async throws {
        try await TestWorld.with(keying: [.uid, .uid]) { world in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(300)))
            world.nodes[1].faults = FaultPlan([try Fault(parsing: "status=500")])
            var malformed = SandboxRecord.obsolete(1)
            malformed.clientState = "zz"
            try await world.add(
                SandboxRecord.obsolete(2...4000) + SandboxRecord.obsolete(5001...5100, node: 2) + [malformed]
            )
            let pause = world.folder.appending(path: "pause")
            let program = try Program.purge.start(
                ["--listen", "0", "--age-slo", "30d", "--concurrency", "4", "--pause-file", pause.path],
                environment: world.environment
            )
            let watcher = try await Watcher(program)
            try await eventually("the bad node's circuit is open") {
                try watcher.metric("purge_node_circuit_open{node=\"\(world.nodes[1].url)\"}") == 1
            }
            let busy = try look(watcher, "real-busy")
            #expect(busy.title == "Purging, 1 problem – purge-old-records")
            for text in [
                "met, with 19 d", "it answers with errors", world.nodes[0].url, "failed: malformed",
                "Deleted in this run",
            ] { #expect(busy.text.contains(text), "\(text) is not in \(busy.text)") }
            let phone = try look(watcher, "real-phone", "360-light")
            #expect(phone.text.contains("it answers with errors"))
            _ = try look(watcher, "real-phone-dark", "360-dark")
            _ = try look(watcher, "real-dark", "1280-dark")
            #expect(FileManager.default.createFile(atPath: pause.path, contents: nil))
            try await eventually("it pauses") { try watcher.metric("purge_paused") == 1 }
            let paused = try look(watcher, "real-paused")
            #expect(paused.title == "Paused, 1 problem – purge-old-records")
            #expect(paused.text.contains("Paused, because the pause file \(pause.path) exists."))
            program.send(SIGTERM)
            #expect(await program.finished().code == 0)
        }
    }

    @Test("shows a program that has had nothing to do")
    func empty() async throws {
        try await TestWorld.with { world in
            let program = try Program.purge.start(["--listen", "0"], environment: world.environment)
            let watcher = try await Watcher(program)
            try await eventually("its run has ended") {
                try watcher.metric("purge_runs_total{stop_reason=\"complete\"}") == 1
            }
            let seen = try look(watcher, "real-empty")
            #expect(seen.title == "Idle – purge-old-records")
            for text in ["the backlog is empty", "everything that could be purged was", "Next run", "Nothing was held"]
            {
                #expect(seen.text.contains(text), "\(text) is not in \(seen.text)")
            }
            program.send(SIGTERM)
            #expect(await program.finished().code == 0)
        }
    }
}
