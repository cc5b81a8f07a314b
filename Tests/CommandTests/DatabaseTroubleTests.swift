import DatabaseServers
import Databases
import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// The servers' own troubles, on servers that no other test uses.
@Suite("When the database is in trouble")
struct DatabaseTroubleTests {
    private static let servers = TestDatabase.Kind.servers

    @Test("a server that is killed and comes back doesn't end the run; each slot is freed once", arguments: servers)
    func restartedServer(_ kind: TestDatabase.Kind) async throws {
        try await withServer(kind) { server, world in
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            for confirmed in [50, 150] {
                try await eventually("some are purged") { world.confirmed > confirmed || !running.isRunning }
                await server.kill()
                try await server.restart()
            }
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(run.error.contains("trying again") && run.error.contains("answers again"))
            try await everythingIsPurged(world, run)
        }
    }

    @Test("a server that is away when the program starts is waited for; a refused password is not", arguments: servers)
    func awayAtTheStart(_ kind: TestDatabase.Kind) async throws {
        try await withServer(kind) { server, world in
            await server.kill()
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            try await eventually("it waits") { running.errorSoFar.contains("trying again") || !running.isRunning }
            try await server.restart()
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            try await everythingIsPurged(world, run)
            await server.kill()
            let stopped = try Program.purge.start(["--oneshot"], environment: world.environment)
            try await eventually("it waits") { stopped.errorSoFar.contains("trying again") || !stopped.isRunning }
            stopped.send(SIGTERM)
            #expect(await stopped.finished().code == 0)
            try await server.restart()
        }
    }

    @Test("connections that the administrator cuts are opened anew, each slot is freed once", arguments: servers)
    func cutConnections(_ kind: TestDatabase.Kind) async throws {
        try await withServer(kind) { _, world in
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            let administration = try await world.database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            var cuts = 0
            while running.isRunning {
                let confirmed = world.confirmed
                try await eventually("some more are purged") {
                    world.confirmed > confirmed + 40 || !running.isRunning
                }
                cuts += try await administration.withSession { try $0.cutConnections(ofUsersLike: "purge_%") }
            }
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(cuts >= 4)
            try await everythingIsPurged(world, run)
        }
    }

    @Test("a server that only reads ends the run with one clear line, and the next one finishes", arguments: servers)
    func readOnlyServer(_ kind: TestDatabase.Kind) async throws {
        try await withServer(kind) { server, world in
            let running = try Program.purge.start(
                ["--oneshot", "--database-timeout", "2"],
                environment: world.environment
            )
            try await eventually("some are purged") { world.confirmed > 50 || !running.isRunning }
            try await setReadOnly(true, server, world)
            let run = await running.finished()
            #expect(run.code == 1, "\(run.error)")
            let errors = try run.logLines().filter { $0["severity"] as? String == "ERROR" }
            #expect(errors.contains { "\($0["message"] ?? "")".contains("read-only") }, "\(run.error)")
            // At the start, nothing is waited for, and no node hears of it.
            let requests = world.requests
            let refused = try await world.purge()
            #expect(refused.code == 1)
            #expect(refused.error.contains("read-only"), "\(refused.error)")
            #expect(world.requests == requests)
            try await setReadOnly(false, server, world)
            let last = try await world.purge()
            #expect(last.code == 0, "\(last.error)")
            let tokenserver = try await SandboxTokenserver(connector: world.database.ownerConnector)
            #expect(try await tokenserver.records() == [])
            #expect(try await tokenserver.nodes().first?.available == 100 + 400)
        }
    }

    private func setReadOnly(_ isReadOnly: Bool, _ server: DatabaseServer, _ world: TestWorld) async throws {
        switch server.kind {
        case .mariadb, .mysql:
            try await world.tokenserver.execute("SET GLOBAL read_only = \(sql: isReadOnly ? "1" : "0")")
        case .postgres:
            // What an old primary is after a failover: a standby.
            await server.stop()
            let mark = server.folder.appending(path: "data/standby.signal")
            if isReadOnly {
                #expect(FileManager.default.createFile(atPath: mark.path, contents: nil))
            } else {
                try FileManager.default.removeItem(at: mark)
            }
            try await server.restart()
        }
    }

    /// A server of the test's own, and a backlog of 400 records that takes a few seconds.
    private func withServer(
        _ kind: TestDatabase.Kind,
        _ body: (DatabaseServer, TestWorld) async throws -> Void
    ) async throws {
        let serverKind = try #require(kind.server)
        // What was committed has to survive the server's end, though not the machine's.
        let options = serverKind == .postgres ? ["-c", "synchronous_commit=on"] : []
        let server = try await DatabaseServer.start(serverKind, options: options)
        try await TestWorld.with(kind, on: server) { world async throws in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(100)))
            try await world.add(SandboxRecord.obsolete(1...400))
            try await body(server, world)
        }
        await server.stop()
    }

    private func everythingIsPurged(_ world: TestWorld, _ run: Program.Finished) async throws {
        let connector = try world.database.ownerConnector
        // The world's own connection may have been cut as well.
        let tokenserver = try await SandboxTokenserver(connector: connector)
        #expect(try await tokenserver.records() == [])
        #expect(try await tokenserver.nodes().first?.available == 100 + 400)
        #expect(try run.summary()["records_deleted"] as? Int == 400)
    }
}
