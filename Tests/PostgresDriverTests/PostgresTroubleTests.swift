import DatabaseServers
import Foundation
import Testing
import TokenserverStore

@testable import PostgresDriver

@Suite("A PostgreSQL session in trouble", .timeLimit(.minutes(2)))
struct PostgresTroubleTests {
    @Test("is busy when another one holds the row for too long")
    func lockTimeout() async throws {
        try await Postgres.withTable { table in
            let (holder, waiter) = (try await Postgres.connect(), try await Postgres.connect())
            try await holder.execute("BEGIN")
            try await holder.execute("UPDATE \(sql: table) SET value = 1 WHERE id = 1")
            try await waiter.withSession { try $0.begin() }
            let error = await waiter.failure("UPDATE \(sql: table) SET value = \(2) WHERE id = 1")
            #expect(error.isBusy && error?.description.hasSuffix("(SQLSTATE 55P03)") == true)
            for connection in [holder, waiter] { try await connection.execute("ROLLBACK") }
            #expect(try await waiter.execute("UPDATE \(sql: table) SET value = \(2) WHERE id = 1") == 1)
        }
    }

    @Test("is busy when it is a deadlock's victim")
    func deadlock() async throws {
        try await Postgres.withTable { table in
            let (one, other) = (try await Postgres.connect(), try await Postgres.connect())
            // The server looks for deadlocks after a second, before either gives up waiting.
            for (connection, id) in [(one, 1), (other, 2)] {
                try await connection.execute("BEGIN")
                try await connection.execute("UPDATE \(sql: table) SET value = 1 WHERE id = \(id)")
            }
            async let first = one.failure("UPDATE \(sql: table) SET value = 2 WHERE id = \(2)")
            async let second = other.failure("UPDATE \(sql: table) SET value = 2 WHERE id = \(1)")
            let errors = await [first, second].compactMap(\.self)
            #expect(errors.count == 1)
            #expect(errors.first.isBusy && errors.first?.description.hasSuffix("(SQLSTATE 40P01)") == true)
            for connection in [one, other] { try await connection.execute("ROLLBACK") }
        }
    }

    @Test("is busy when a statement takes too long")
    func statementTimeout() async throws {
        let connection = try await Postgres.connect(readOnly: true, statementTimeout: .milliseconds(200))
        #expect(await connection.failure("SELECT pg_sleep(20)").isBusy)
        #expect(await connection.failure("SELECT pg_sleep(\(20))").isBusy)
        #expect(try await connection.query("SELECT 1").count == 1)
    }

    @Test("can be interrupted, and is of use after that; an interruption of nothing does nothing")
    func interrupt() async throws {
        let (connection, watcher) = (try await Postgres.connect(), try await Postgres.connect())
        let process = try await connection.processID()
        connection.interrupt()
        for _ in 0..<3 {
            async let failure = connection.failure("SELECT pg_sleep(\(60))")
            try await watcher.waitUntil(process, waitsFor: "Timeout")
            connection.interrupt()
            #expect(await failure == .interrupted)
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test("is busy when an administrator ends its statement")
    func cancelledByAnother() async throws {
        let (connection, watcher) = (try await Postgres.connect(), try await Postgres.connect())
        let process = try await connection.processID()
        async let failure = connection.failure("SELECT pg_sleep(60)")
        try await watcher.waitUntil(process, waitsFor: "Timeout")
        _ = try await watcher.query("SELECT pg_cancel_backend(\(process)::int)")
        #expect(await failure.isBusy)
    }

    @Test("is unreachable when the server ends it, idle or at work, and from then on", arguments: [true, false])
    func terminated(isIdle: Bool) async throws {
        // Whoever writes to a closed socket must get an error, not a signal.
        let before = signal(SIGPIPE, SIG_DFL)
        defer { signal(SIGPIPE, before) }
        let (connection, watcher) = (try await Postgres.connect(), try await Postgres.connect())
        let process = try await connection.processID()
        async let failure = isIdle ? nil : connection.failure("SELECT pg_sleep(60)")
        if !isIdle { try await watcher.waitUntil(process, waitsFor: "Timeout") }
        // Waits for the process's end.
        #expect(try await watcher.query("SELECT pg_terminate_backend(\(process)::int, 20000)").first?.integer(0) == 1)
        let error = isIdle ? await connection.failure("SELECT 1") : await failure
        #expect(error.isUnreachable)
        #expect(error?.description.contains("\n") == false)
        for _ in 0..<3 { #expect(await connection.failure("SELECT \(1)").isUnreachable) }
        connection.interrupt()
    }

    @Test("is unreachable when the server falls silent, and fails at once from then on", arguments: [0, 50_000_000])
    func silent(bytes: Int) async throws {
        let connection = try await Postgres.connect(statementTimeout: .milliseconds(500))
        let process = try #require(Int32(exactly: try await connection.processID()))
        kill(process, SIGSTOP)
        // It finds the connection closed then, and ends in order.
        defer { kill(process, SIGCONT) }
        // More than the sockets hold between them: sending must not hang either.
        let value = String(repeating: "x", count: bytes)
        let clock = ContinuousClock()
        let time = await clock.measure {
            #expect(await connection.failure("SELECT length(\(value))").isUnreachable)
        }
        #expect(time > .seconds(5) && time < .seconds(15))
        let second = await clock.measure { #expect(await connection.failure("SELECT 1").isUnreachable) }
        #expect(second < .seconds(1))
    }

    @Test("is unreachable when the server is killed, and when it is gone")
    func killed() async throws {
        let server = try await DatabaseServer.start(.postgres)
        let url = server.url(database: "postgres")
        let connection = try await Postgres.connect(url)
        await server.kill()
        #expect(await connection.failure("SELECT 1").isUnreachable)
        #expect(await Postgres.failure(url).isUnreachable)
        try await server.restart()
        #expect(try await Postgres.connect(url).query("SELECT 1").count == 1)
        await server.stop()
    }

    @Test("is closed on the server when nobody holds it any more")
    func closed() async throws {
        let watcher = try await Postgres.connect()
        var connection: (any SQLConnection)? = try await Postgres.connect()
        let process = try #require(try await connection?.processID())
        connection = nil
        let deadline = ContinuousClock.now + .seconds(20)
        var isThere = true
        while isThere, ContinuousClock.now < deadline {
            isThere = try await !watcher.query("SELECT 1 FROM pg_stat_activity WHERE pid = \(process)").isEmpty
        }
        #expect(!isThere)
    }

    @Test("finds a server that can only be read unable to serve, if it came to write")
    func standby() async throws {
        let server = try await DatabaseServer.start(.postgres)
        try await Postgres.connect(server.url(database: "postgres")).execute("CREATE TABLE numbers (id INT)")
        await server.stop()
        // A server that waits for a primary's log, of which none comes.
        let data = server.folder.appending(path: "data")
        try Data().write(to: data.appending(path: "standby.signal"))
        try await server.restart()
        let url = server.url(database: "postgres")
        let writer = try await Postgres.connect(url)
        #expect(await writer.failure("INSERT INTO numbers VALUES (\(1))").isUnreachable)
        let reader = try await Postgres.connect(url, readOnly: true)
        #expect(try await reader.query("SELECT * FROM numbers").isEmpty)
        #expect(await reader.failure("INSERT INTO numbers VALUES (\(1))").isFailed)
        let error = await Postgres.failure(url + "?target_session_attrs=read-write")
        #expect(error.isUnreachable)
        await server.stop()
    }
}
