import DatabaseServers
import Databases
import Foundation
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// Each brake against what it watches in earnest: servers, replicas and URLs, whose load a second client makes.
@Suite("Brakes")
struct BrakeTests {
    /// A purge of ten records, which has to wait until the body says so.
    private func waits(
        _ world: TestWorld,
        _ arguments: [String],
        environment: [String: String] = [:],
        for reason: String,
        after pause: Duration = .zero,
        until release: () async throws -> Void
    ) async throws {
        try await world.add(SandboxRecord.obsolete(1...10))
        try await Task.sleep(for: pause)
        let before = world.confirmed
        let environment = world.environment.merging(environment) { $1 }
        let running = try Program.purge.start(["--oneshot", "--listen", "0"] + arguments, environment: environment)
        let watcher = try await Watcher(running)
        try await eventually("it waits") { running.errorSoFar.contains(reason) || !running.isRunning }
        try #require(running.isRunning, "it ended: \(running.errorSoFar)")
        try await eventually("the page says so") {
            try watcher.status()["state"] as? String == "throttled" && watcher.metric("purge_throttled") == 1
        }
        #expect(try watcher.get().text.contains("Throttled"))
        try await Task.sleep(for: .seconds(2))
        #expect(running.isRunning, "\(running.errorSoFar)")
        #expect(world.confirmed == before)
        #expect(try await world.uids().count == 10)
        try await release()
        let run = await running.finished()
        #expect(run.code == 0, "\(run.error)")
        #expect(try await world.uids() == [])
        // On and off once, whatever numbers were found meanwhile.
        #expect(run.error.components(separatedBy: "Throttled by").count == 2, "\(run.error)")
        #expect(!run.error.contains(TestDatabase.password))
    }

    @Test(
        "--max-load waits while others have the server work",
        arguments: [TestDatabase.Kind.mariadb, .mysql, .postgres]
    )
    func maxLoad(_ kind: TestDatabase.Kind) async throws {
        let server = try await DatabaseServer.start(try #require(kind.server))
        try await TestWorld.with(kind, on: server) { world async throws in
            let sleep = kind == .postgres ? "SELECT pg_sleep(120)" : "SELECT SLEEP(120)"
            let connections = try await (0..<15).asyncMap { _ in
                try await Database.connector(server.url(database: kind == .postgres ? "postgres" : "mysql"))
                    .connect(ConnectionOptions(readOnly: false, statementTimeout: .seconds(200)))
            }
            let load = Task {
                await withTaskGroup(of: Void.self) { group in
                    for connection in connections {
                        group.addTask { _ = try? await connection.withSession { try $0.query("\(sql: sleep)") } }
                    }
                }
            }
            if kind == .postgres {
                // The program's own user doesn't see what others do, unless it may.
                let user = try #require(
                    URLComponents(string: world.environment["SYNC_TOKENSERVER__DATABASE_URL"] ?? "")?.user
                )
                try await world.tokenserver.execute("GRANT pg_read_all_stats TO \(sql: user)")
            }
            let measure = kind == .postgres ? "active=14" : "Threads_running=14"
            try await waits(world, ["--max-load", measure], for: "is 1") {
                connections.forEach { $0.interrupt() }
                await load.value
            }
        }
    }

    @Test("--max-load on PostgreSQL says so where the user can't see what others do")
    func hiddenLoad() async throws {
        let server = try await DatabaseServer.start(.postgres)
        try await TestWorld.with(.postgres, on: server) { world async throws in
            let other = try await Database.connector(server.url(database: "postgres"))
                .connect(ConnectionOptions(readOnly: false))
            _ = try await other.withSession { try $0.query("SELECT 1") }
            try await waits(world, ["--max-load", "active=14"], for: "GRANT pg_read_all_stats") {
                let user = try #require(
                    URLComponents(string: world.environment["SYNC_TOKENSERVER__DATABASE_URL"] ?? "")?.user
                )
                try await world.tokenserver.execute("GRANT pg_read_all_stats TO \(sql: user)")
            }
        }
    }

    @Test(
        "--critical-load ends the run with 1 and a reason, before anything is sent",
        arguments: [TestDatabase.Kind.mariadb, .mysql]
    )
    func criticalLoad(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...10))
            let run = try await world.purge("--critical-load", "Threads_connected=0")
            #expect(run.code == 1, "\(run.error)")
            #expect(try run.summary()["stop_reason"] as? String == "load_critical")
            #expect(run.error.contains("Threads_connected is "))
            #expect(world.confirmed == 0)
            #expect(try await world.uids().count == 10)
        }
    }

    @Test(
        "a measure that the server doesn't have is a wrong argument, and nothing is touched",
        arguments: TestDatabase.Kind.allCases
    )
    func unknownMeasure(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3))
            let run = try await world.purge("--max-load", "Threads_runing=50")
            #expect(run.code == 64, "\(run.error)")
            #expect(try await world.uids().count == 3)
        }
    }

    @Test("a replica of MariaDB that stands still, or lags, is waited for; an idle primary is no lag")
    func mariadbReplica() async throws {
        let primary = try await DatabaseServer.start(.mariadb, options: ["--log-bin=bin", "--server-id=1"])
        let replica = try await DatabaseServer.start(.mariadb, options: ["--server-id=2"])
        let connector = try Database.connector(replica.url(database: "mysql"))
        func tell(_ statements: String...) async throws {
            let connection = try await connector.connect(ConnectionOptions(readOnly: false))
            for statement in statements { try await connection.withSession { _ = try $0.execute("\(sql: statement)") } }
        }
        try await tell(
            """
            CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=\(primary.port), MASTER_USER='admin', \
            MASTER_PASSWORD='admin'
            """,
            "START SLAVE"
        )
        try await TestWorld.with(.mariadb, on: primary) { world async throws in
            let environment = ["SYNC_TOKENSERVER__REPLICA_URLS": replica.url(database: "mysql")]
            try await tell("STOP SLAVE SQL_THREAD")
            try await waits(world, [], environment: environment, for: "its replication is not running") {
                try await tell("START SLAVE SQL_THREAD")
            }
            // Now it has much to catch up on: what the primary has done is not applied until the lock goes.
            let locking = try await connector.connect(
                ConnectionOptions(readOnly: false, statementTimeout: .seconds(100))
            )
            _ = try await locking.withSession { try $0.execute("FLUSH TABLES WITH READ LOCK") }
            try await waits(world, ["--max-lag", "2"], environment: environment, for: "s behind", after: .seconds(4)) {
                _ = try await locking.withSession { try $0.execute("UNLOCK TABLES") }
            }
            // At rest for a while.
            try await Task.sleep(for: .seconds(3))
            try await world.add(SandboxRecord.obsolete(1...10))
            #expect(try await world.purge("--replica", replica.url(database: "mysql"), "--max-lag", "2").code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test("a replica of PostgreSQL that lags, or is gone, is waited for; an idle primary is no lag")
    func postgresReplica() async throws {
        let primary = try await DatabaseServer.start(.postgres)
        try await TestWorld.with(.postgres, on: primary) { world async throws in
            let replica = try await DatabaseServer.startStandby(of: primary)
            let url = replica.url(database: "postgres")
            let administration = try await Database.connector(url).connect(ConnectionOptions(readOnly: true))
            func tell(_ statement: String) async throws {
                _ = try await administration.withSession { try $0.query("\(sql: statement)") }
            }
            // Idle for longer than may be lagged.
            try await Task.sleep(for: .seconds(4))
            try await world.add(SandboxRecord.obsolete(1...10))
            #expect(try await world.purge("--replica", url, "--max-lag", "2").code == 0)
            #expect(try await world.uids() == [])
            try await tell("SELECT pg_wal_replay_pause()")
            try await waits(world, ["--replica", url, "--max-lag", "2"], for: "s behind", after: .seconds(4)) {
                try await tell("SELECT pg_wal_replay_resume()")
            }
            await replica.stop()
            try await waits(world, ["--replica", url], for: "it can't be asked") { try await replica.restart() }
        }
    }

    @Test(
        "a primary named as its own replica is said not to be one",
        arguments: [TestDatabase.Kind.mariadb, .postgres]
    )
    func noReplica(_ kind: TestDatabase.Kind) async throws {
        let server = try await DatabaseServer.shared(try #require(kind.server))
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3))
            let url = server.url(database: kind == .postgres ? "postgres" : "mysql")
            let run = try await world.purge("--replica", url, "--max-runtime", "4")
            #expect(run.error.contains("it is not a replica"), "\(run.error)")
            #expect(try await world.uids().count == 3)
        }
    }

    @Test("--throttle-query waits while its number is above 0, and can't write", arguments: TestDatabase.Kind.allCases)
    func throttleQuery(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.tokenserver.execute(
                "INSERT INTO nodes (id, service, node, available, current_load, capacity, downed, backoff) VALUES (77, 1, 'https://x.example', 0, 0, 0, 1, 0)"
            )
            let query = "SELECT COUNT(*) FROM nodes WHERE id = 77"
            try await waits(world, ["--throttle-query", query], for: "--throttle-query: it says 1") {
                try await world.tokenserver.execute("DELETE FROM nodes WHERE id = 77")
            }
            for bad in ["DELETE FROM users", "SELECT 1; DELETE FROM users", ""] {
                #expect(try await world.purge("--throttle-query", bad).code == 64)
            }
        }
    }

    @Test("--throttle-http waits while the URL says anything but 200, or nothing")
    func throttleHTTP() async throws {
        try await TestWorld.with { world async throws in
            let server = try TinyServer()
            server.answer("HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\n\r\n")
            try await waits(
                world,
                ["--throttle-http", "\(server.url)ready?full=1"],
                for: "--throttle-http: it answers with status 429"
            ) {
                server.answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            }
            #expect(server.requests.contains { $0.hasPrefix("GET /ready?full=1 HTTP/1.1\r\n") })
            try await world.add(SandboxRecord.obsolete(1...10))
            let run = try await world.purge("--throttle-http", "http://127.0.0.1:9/", "--max-runtime", "3")
            #expect(run.error.contains("it does not answer"), "\(run.error)")
            #expect(try await world.uids().count == 10)
        }
    }

    @Test("a brake that doesn't answer holds up no stop", arguments: [TestDatabase.Kind.sqlite, .mariadb, .postgres])
    func hanging(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...60))
            // Many tables without a condition by which they could be joined.
            let query =
                kind == .postgres
                ? "SELECT 0 FROM pg_sleep(100)"
                : "SELECT COUNT(*) FROM users a, users b, users c, users d, users e, users f WHERE a.uid + f.uid < 0"
            let running = try Program.purge.start(
                ["--oneshot", "--throttle-query", query],
                environment: world.environment
            )
            try await eventually("it waits") { running.errorSoFar.contains("Throttled") || !running.isRunning }
            #expect(world.confirmed == 0)
            running.send(SIGTERM)
            let begin = ContinuousClock.now
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(ContinuousClock.now - begin < .seconds(10))
            #expect(try await world.uids().count == 60)
        }
    }

    @Test("wrong options are refused with one line, and nothing is touched")
    func wrong() async throws {
        try await TestWorld.with { world async throws in
            for arguments in [
                ["--max-load", "50"], ["--max-load", "a=b"], ["--max-load", "a=1,"], ["--critical-load", "x y=1"],
                ["--max-lag", "5"], ["--replica", "nonsense"], ["--replica", "postgres://h/d"],
                ["--throttle-http", "ftp://x/"], ["--throttle-http", "nonsense"], ["--max-load", "Threads_running=5"],
            ] {
                let run = try await Program.purge.run(["--oneshot"] + arguments, environment: world.environment)
                #expect(run.code == 64, "\(arguments): \(run.error)")
                #expect(!run.error.isEmpty)
            }
        }
    }
}

extension Sequence where Element: Sendable {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
