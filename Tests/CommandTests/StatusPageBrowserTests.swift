import Foundation
import Sandbox
import TestSupport
import Testing

/// Screenshots go to `.build/screenshots`, for people to look at.
@Suite("The status page in a real browser", .serialized)
struct StatusPageBrowserTests {
    struct Seen: Decodable {
        let title: String
        let text: String
        /// Pixels that are wider than the window.
        let overflow: Int
        /// The background's, from 0 to 765.
        let brightness: Int
        let smallestText: Double
        let plots: Int
        let requests: [String]
        let complaints: [String]
        /// Where the tabulator key leads.
        let stops: [String]
        /// What the button says after it was pressed.
        let button: String
    }

    private func look(_ watcher: Watcher, _ name: String, width: Int = 1200, dark: Bool = false) throws -> Seen {
        let folder = Repository.url(".build/screenshots")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let picture = folder.appending(path: "\(name).png")
        try? FileManager.default.removeItem(at: picture)
        let script = try #require(Bundle.module.url(forResource: "Fixtures/browse", withExtension: "py"))
        let output = try Tool.run(
            Tool.python(),
            [
                script.path, "/usr/bin/chromium", watcher.url.absoluteString, picture.path, String(width),
                dark ? "dark" : "light",
            ]
        )
        try #require(output.code == 0, "\(output.text)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let line = try #require(output.text.split(separator: "\n").last)
        let seen = try decoder.decode(Seen.self, from: Data(line.utf8))
        // True of every page.
        #expect(seen.overflow <= 0)
        #expect(seen.plots == 3)
        #expect(seen.complaints.isEmpty, "\(seen.complaints)")
        #expect(seen.requests.count >= 2 && seen.requests.allSatisfy { $0 == watcher.url.absoluteString })
        #expect(seen.stops == ["Stop updating", "Metrics", "JSON"])
        #expect(seen.button == "Go on updating")
        #expect(seen.smallestText >= 11.5)
        #expect(dark ? seen.brightness < 150 : seen.brightness > 650)
        #expect(try #require(try FileManager.default.attributesOfItem(atPath: picture.path)[.size] as? Int) > 10_000)
        return seen
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
            let busy = try look(watcher, "busy")
            #expect(busy.title == "Purging – purge-old-records")
            for text in [
                "met, with 19 d", "it answers with errors", world.nodes[0].url, "failed: malformed",
                "Deleted in this run",
            ] { #expect(busy.text.contains(text), "\(text) is not in \(busy.text)") }
            let phone = try look(watcher, "phone", width: 360)
            #expect(phone.text.contains("it answers with errors"))
            _ = try look(watcher, "phone-dark", width: 360, dark: true)
            _ = try look(watcher, "dark", dark: true)
            #expect(FileManager.default.createFile(atPath: pause.path, contents: nil))
            try await eventually("it pauses") { try watcher.metric("purge_paused") == 1 }
            let paused = try look(watcher, "paused")
            #expect(paused.title == "Paused – purge-old-records")
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
            let seen = try look(watcher, "empty")
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
