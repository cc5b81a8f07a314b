import DatabaseServers
import Foundation
import Sandbox
import TestDatabases
import TestSupport
import Testing

@Suite("Watching a program over HTTP")
struct ListenTests {
    @Test(
        "metrics tell of a run as it goes, and promtool has nothing to say against them",
        arguments: TestDatabase.Kind.allCases
    )
    func metrics(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world in
            world.nodes[0].faults = FaultPlan(
                [try Fault(parsing: "status=404,uids=50"), try Fault(parsing: "status=403,uids=51")],
                latency: Latency(.milliseconds(50))
            )
            try await world.add(SandboxRecord.obsolete(1...100))
            let program = try Program.purge.start(
                ["--listen", "127.0.0.1:0", "--age-slo", "9d", "--on-failure", "leave"],
                environment: world.environment
            )
            let watcher = try await Watcher(program)
            try await eventually("it is ready") { try watcher.get("readyz").status == 200 }
            try await eventually("the run ends") {
                try watcher.metric("purge_runs_total{stop_reason=\"complete\"}") == 1
            }
            let text = try watcher.get("metrics").text
            for line in [
                "purge_records_deleted_total{type=\"not_down\"} 98", "purge_data_deleted_total{type=\"not_down\"} 98",
                "purge_records_failed_total{reason=\"http_4xx\"} 1", "purge_records_held_total{reason=\"not_found\"} 1",
                "purge_held_records{reason=\"not_found\"} 1", "purge_database_up 1", "purge_backlog_records 2",
                "purge_age_slo_seconds 777600",
            ] { #expect(text.contains("\n\(line)\n"), "\(line) is not in\n\(text)") }
            #expect(text.contains("purge_node_request_limit{node=\"\(world.nodes[0].url)\"}"))
            #expect(!text.contains(TestWorld.secret) && !text.contains("@"))
            // The oldest was replaced ten days ago, and is still there as it failed or is held.
            try await eventually("its age is known") {
                try watcher.metric("purge_age_slo_margin_seconds").map { (-90_000 ... -80_000).contains($0) } ?? false
            }
            let page = world.folder.appending(path: "metrics")
            try text.write(to: page, atomically: true, encoding: .utf8)
            let checked = try Tool.run(
                URL(filePath: "/bin/sh"),
                ["-c", "exec \"$1\" check metrics <\"$2\"", "sh", Tool.unpacked("usr/bin/promtool").path, page.path]
            )
            #expect(checked.code == 0 && checked.text.isEmpty, "\(checked.text)")
            let run = try #require((try watcher.status()["last_runs"] as? [[String: Any]])?.first)
            #expect(run["stop_reason"] as? String == "complete" && run["records_deleted"] as? Int == 98)
            program.send(SIGTERM)
            let end = await program.finished()
            #expect(end.code == 0, "\(end.error)")
            #expect(end.error.contains("The age objective is missed"))
        }
    }

    @Test("a database that goes away makes it unready and not dead, and a stop makes it unready")
    func readiness() async throws {
        let server = try await DatabaseServer.start(.postgres)
        try await TestWorld.with(.postgres, on: server) { world in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.seconds(3)))
            let program = try Program.purge.start(["--listen", "0"], environment: world.environment)
            let watcher = try await Watcher(program)
            try await eventually("it is ready") { try watcher.get("readyz").status == 200 }
            await server.kill()
            try await eventually("it is not ready") { try watcher.get("readyz").status == 503 }
            #expect(try watcher.get("livez").status == 200)
            #expect(try watcher.metric("purge_database_up") == 0)
            try await server.restart()
            try await eventually("it is ready again, or ends") {
                try !program.isRunning || watcher.get("readyz").status == 200
            }
            program.send(SIGTERM)
            let end = await program.finished()
            #expect(end.code == 0, "\(end.code) \(end.error)")
        }
        await server.stop()
    }

    @Test("while it stops it answers, and says that it stops")
    func stopping() async throws {
        try await TestWorld.with { world in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.seconds(3)))
            try await world.add(SandboxRecord.obsolete(1...20))
            let program = try Program.purge.start(["--listen", "0"], environment: world.environment)
            let watcher = try await Watcher(program)
            try await eventually("requests are in flight") { world.requests > 0 }
            program.send(SIGTERM)
            try await eventually("it is stopping") { try watcher.get("readyz").text == "stopping\n" }
            #expect(try watcher.status()["state"] as? String == "stopping")
            #expect(try watcher.get("livez").status == 200)
            let end = await program.finished()
            #expect(end.code == 0, "\(end.error)")
            #expect(try await world.uids().count == 20 - world.confirmed)
        }
    }

    @Test("floods, slow clients and nonsense don't keep a run from its end, nor others from an answer")
    func floods() async throws {
        try await TestWorld.with { world in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(5)))
            try await world.add(SandboxRecord.obsolete(1...3000))
            let program = try Program.purge.start(["--listen", "0"], environment: world.environment)
            let watcher = try await Watcher(program)
            let flood = Process()
            flood.executableURL = Repository.url("Scripts/flood")
            flood.arguments = [watcher.url.absoluteString]
            let input = Pipe()
            flood.standardInput = input
            try flood.run()
            defer {
                try? input.fileHandleForWriting.close()
                flood.waitUntilExit()
            }
            try await eventually("everything is purged") {
                try await world.uids().isEmpty || !program.isRunning
            }
            #expect(try watcher.get("livez").status == 200)
            try await eventually("everything is counted") {
                try watcher.metric("purge_records_deleted_total{type=\"not_down\"}") == 3000
            }
            program.send(SIGTERM)
            let end = await program.finished()
            #expect(end.code == 0, "\(end.error)")
        }
    }

    @Test(
        "what makes no sense is refused in one line",
        arguments: [
            (["--listen", "here"], "--listen is no address"),
            (["--listen", "1.2.3.4:99999"], "--listen is no address"),
            (["--listen", "::1:9090"], "--listen is no address"), (["--listen", ""], "--listen is no address"),
            (["--age-slo", "soon"], "--age-slo is no time"), (["--age-slo", "0d"], "--age-slo 0d is out of range"),
            (["--age-slo", "99999999999w"], "--age-slo 99999999999w is out of range"),
            (["--age-slo", "1d"], "--age-slo is not longer than --grace-period"),
            (["--database-url-file", "/nowhere/url"], "--database-url-file /nowhere/url can't be read"),
            (["--database-url-file", "x", "--database-url", "sqlite:x"], "both given"),
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

    @Test("an address that is taken ends the program before it does anything")
    func taken() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...5))
            let run = try await world.purge("--listen", "127.0.0.1:\(world.nodes[0].port)")
            #expect(run.code == 1)
            #expect(run.error.contains("another program listens there"), "\(run.error)")
            #expect(try await world.uids().count == 5)
        }
    }

    @Test("the usual limit of open files is raised, as many nodes take many connections")
    func fileLimit() async throws {
        try await TestWorld.with { world in
            let program = try Program.Running(
                URL(filePath: "/bin/bash"),
                ["-c", "ulimit -Sn 256; exec \"$0\" --listen 0", Program.purge.url.path],
                environment: world.environment,
                input: nil
            )
            _ = try await Watcher(program)
            let limits = try String(contentsOfFile: "/proc/\(program.pid)/limits", encoding: .utf8)
            let soft = try #require(limits.firstMatch(of: /Max open files +(\d+)/).flatMap { Int($0.1) })
            #expect(soft > 256)
            program.send(SIGTERM)
            #expect(await program.finished().code == 0)
        }
    }

    @Test("the database's URL may come from a file")
    func urlFile() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.replaced(1...5))
            let file = world.folder.appending(path: "url")
            try "\(world.databaseURL)\n".write(to: file, atomically: true, encoding: .utf8)
            let run = try await Program.purge.run(
                ["--oneshot", "--database-url-file", file.path],
                environment: ["SYNC_MASTER_SECRET": TestWorld.secret]
            )
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uidsLeft().isEmpty)
        }
    }
}
