import DatabaseServers
import Foundation
import Sandbox
import TestDatabases
import TestSupport
import Testing

/// Behind a pooler in transaction mode, what a client sets for its session is for whoever gets that session next.
@Suite("Behind a pooler in transaction mode")
struct PoolerTests {
    /// How many connections the pooler has to the server.
    private static let sizes = [1, 3]

    @Test("looks, dry runs and purges work, and leave each session of the server as it was", arguments: sizes)
    func leavesNothing(_ connections: Int) async throws {
        try await Self.withPooler(connections) { world, environment, url in
            try await world.add(SandboxRecord.replaced(1...300))
            let before = try await Self.sessions(connections, url)
            let other = Client(url)
            let writing = Task { try await other.write() }
            for arguments in [["backlog"], ["--oneshot", "--dryrun"], ["--oneshot"], ["backlog"]] {
                let run = try await Program.purge.run(arguments, environment: environment)
                #expect(run.code == 0, "\(arguments): \(run.error)")
                #expect(try await Self.sessions(connections, url) == before, "\(arguments)")
            }
            writing.cancel()
            #expect(try await writing.value > 0)
            #expect(try await world.uidsLeft().isEmpty)
        }
    }

    @Test("a program that is killed leaves each session of the server as it was", arguments: sizes)
    func killed(_ connections: Int) async throws {
        try await Self.withPooler(connections) { world, environment, url in
            try await world.add(SandboxRecord.replaced(1...2000))
            let before = try await Self.sessions(connections, url)
            let running = try Program.purge.start(["--oneshot"], environment: environment)
            try await eventually("some are purged") { world.confirmed > 100 || !running.isRunning }
            running.send(SIGKILL)
            _ = await running.finished()
            #expect(try await Self.sessions(connections, url) == before)
            #expect(try await Client(url).write(times: 5) == 5)
        }
    }

    @Test("shards, which need a session, are refused, with what to do", arguments: sizes)
    func shards(_ connections: Int) async throws {
        try await Self.withPooler(connections) { world, environment, _ in
            try await world.add(SandboxRecord.replaced(1...10))
            let run = try await Program.purge.run(["--oneshot", "--shards", "2"], environment: environment)
            #expect(run.code == 1 && run.error.contains("--shard I/N"), "\(run.error)")
            #expect(world.requests == 0)
            let fixed = try await Program.purge.run(["--oneshot", "--shard", "0/1"], environment: environment)
            #expect(fixed.code == 0, "\(fixed.error)")
        }
    }

    /// - Parameter body: gets the environment in which the program finds the pooler, and the URL to it for others.
    private static func withPooler(
        _ connections: Int,
        _ body: (TestWorld, [String: String], String) async throws -> Void
    ) async throws {
        try await TestWorld.with(.postgres) { world in
            let server = try await DatabaseServer.shared(.postgres)
            let pooler = try Pooler(before: server.port, connections: connections)
            func pooled(_ url: String) -> String {
                url.replacing(":\(server.port)/", with: ":\(pooler.port)/")
            }
            var environment = world.environment
            environment["SYNC_TOKENSERVER__DATABASE_URL"] = pooled(world.databaseURL)
            try await body(world, environment, pooled(world.database.ownerURL))
            withExtendedLifetime(pooler) {}
        }
    }

    /// The settings, prepared statements and locks of each of the server's connections, as a client sees them that holds
    /// one after the other.
    private static func sessions(_ connections: Int, _ url: String) async throws -> [String] {
        let question = """
            SELECT pg_sleep(0.3); SELECT name || ' = ' || setting FROM pg_settings ORDER BY name;
            SELECT 'prepared ' || name FROM pg_prepared_statements;
            SELECT 'lock ' || classid || ' ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
            """
        return try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<connections {
                group.addTask {
                    let output = try await Client(url).run("BEGIN; \(question) COMMIT;")
                    return output.split(separator: "\n").filter { $0.contains(" ") }.joined(separator: "\n")
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// PostgreSQL's own client.
    private struct Client {
        let url: String

        init(_ url: String) { self.url = url }

        func run(_ statements: String) async throws -> String {
            let url = url
            return try await Task.detached {
                let output = try Tool.run(
                    URL(filePath: "/usr/bin/env"),
                    ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--tuples-only", "--no-align", url]
                        + ["--command", statements]
                )
                #expect(output.code == 0, "\(output.text)")
                return output.text
            }.value
        }

        /// Writes as Tokenserver does, each time on another connection, until the task is cancelled.
        ///
        /// - Returns: how often.
        func write(times: Int = .max) async throws -> Int {
            var count = 0
            while !Task.isCancelled, count < times {
                _ = try await run("UPDATE nodes SET backoff = 0 WHERE id = -1")
                count += 1
            }
            return count
        }
    }
}
