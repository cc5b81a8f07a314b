import Foundation
import Testing

@Suite("The sandbox's commands")
struct SandboxCommandTests {
    @Test("the demo shows each command line, and everything is as promised")
    func demo() async throws {
        let run = try await Program.sandbox.run(["demo", "--users", "300", "--seed", "7"])
        #expect(run.code == 0, "\(run.output)\(run.error)")
        #expect(run.output.contains("$ purge-old-records backlog"))
        #expect(run.output.contains("yes  no active user lost any data"))
        #expect(!run.output.contains("NO  "))
    }

    @Test("fill makes a database that the program can purge on a node of its own")
    func fillAndNode() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = "sqlite://\(folder.appending(path: "sync.db").path)"
        let log = folder.appending(path: "log").path
        let empty = try await node(["--port", "0"])
        let fill = try await Program.sandbox.run(
            ["fill", database, "--node", empty.url, "--users", "200", "--malformed", "0"]
        )
        #expect(fill.code == 0, "\(fill.error)")
        #expect(try await Program.sandbox.run(["fill", database, "--node", empty.url]).code == 64)
        empty.process.send(SIGKILL)
        _ = await empty.process.finished()

        let port = String(empty.url.split(separator: ":").last ?? "")
        let full = try await node(["--port", port, "--data-of", database, "--log", log])
        let run = try await Program.purge.run(
            ["--oneshot", "--database-url", database, "--node-type", "mysql"],
            environment: ["SYNC_MASTER_SECRET": "s"]
        )
        full.process.send(SIGKILL)
        _ = await full.process.finished()
        #expect(run.code == 0, "\(run.error)")
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 100)
        #expect(lines.count == (try run.summary()["data_deleted"] as? Int))
        #expect(lines.allSatisfy { $0.contains("\"removed\":true") && $0.contains("\"confirmed\":true") })
    }

    /// A node as a process of its own, once it listens.
    private func node(_ arguments: [String]) async throws -> (process: Program.Running, url: String) {
        let process = try Program.sandbox.start(["node", "--secret", "s"] + arguments)
        try await eventually("the node listens") { process.outputSoFar.hasSuffix("\n") || !process.isRunning }
        let url = process.outputSoFar.split(separator: " ").last?.trimmingCharacters(in: .whitespacesAndNewlines)
        return (process, try #require(url, "the node did not start: \(process.errorSoFar)"))
    }
}
