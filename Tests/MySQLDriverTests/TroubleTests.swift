import DatabaseServers
import Foundation
import Synchronization
import Testing
import TokenserverStore

@Suite("A MySQL connection in trouble")
struct TroubleTests {
    /// Waits until the server runs a statement that holds the text.
    private static func untilRunning(_ text: String, _ administration: any SQLConnection) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let count = try await administration.integer(
                """
                SELECT COUNT(*) FROM information_schema.processlist \
                WHERE id <> CONNECTION_ID() AND info LIKE CONCAT('%', \(text), '%')
                """
            )
            if count > 0 { return }
        }
        Issue.record("no statement with \(text) began to run")
    }

    @Test("waits for a lock no longer than 3 seconds, and is busy then", arguments: Fixture.kinds)
    func lockWait(_ kind: DatabaseServer.Kind) async throws {
        try await Fixture.withDatabase(kind) { url, _ in
            let (holder, waiter) = (try await Fixture.connect(url), try await Fixture.connect(url))
            try await holder.run("CREATE TABLE t (n INT PRIMARY KEY)")
            try await holder.run("INSERT INTO t VALUES (1)")
            try await holder.run("START TRANSACTION")
            try await holder.run("DELETE FROM t WHERE n = \(1)")
            let begin = ContinuousClock.now
            let error = await Fixture.error { try await waiter.run("DELETE FROM t WHERE n = \(1)") }
            #expect(error?.kind == .busy)
            #expect(ContinuousClock.now - begin < .seconds(10))
            try await holder.run("ROLLBACK")
            #expect(try await waiter.run("DELETE FROM t WHERE n = \(1)") == 1)
        }
    }

    /// The error comes amid the statement's result, which the library then takes for one that goes on.
    @Test(
        "waits no longer when a kept statement meets the lock in its result, time after time",
        arguments: Fixture.kinds
    )
    func lockWaitInResult(_ kind: DatabaseServer.Kind) async throws {
        try await Fixture.withDatabase(kind) { url, _ in
            let (holder, waiter) = (try await Fixture.connect(url), try await Fixture.connect(url))
            try await holder.run("CREATE TABLE t (n INT PRIMARY KEY)")
            try await holder.run("INSERT INTO t VALUES (1), (2), (3), (4)")
            for locked in 1...4 {
                try await holder.run("START TRANSACTION")
                try await holder.run("DELETE FROM t WHERE n = \(locked)")
                for _ in 0..<3 {
                    try await waiter.run("START TRANSACTION")
                    let begin = ContinuousClock.now
                    let error = await Fixture.error {
                        _ = try await waiter.rows("SELECT n FROM t WHERE n > \(0) ORDER BY n FOR UPDATE")
                    }
                    #expect(error?.kind == .busy, "\(String(describing: error))")
                    #expect(error?.description.contains("1205") == true)
                    try await waiter.run("ROLLBACK")
                    #expect(ContinuousClock.now - begin < .seconds(10))
                }
                try await holder.run("ROLLBACK")
                #expect(try await waiter.rows("SELECT n FROM t WHERE n > \(0) ORDER BY n FOR UPDATE").count == 4)
            }
        }
    }

    @Test("is busy as the victim of a deadlock", arguments: Fixture.kinds)
    func deadlock(_ kind: DatabaseServer.Kind) async throws {
        try await Fixture.withDatabase(kind) { url, _ in
            let (first, second) = (try await Fixture.connect(url), try await Fixture.connect(url))
            try await first.run("CREATE TABLE t (n INT PRIMARY KEY, v INT)")
            try await first.run("INSERT INTO t VALUES (1, 0), (2, 0)")
            for (connection, own) in [(first, 1), (second, 2)] {
                try await connection.run("START TRANSACTION")
                try await connection.run("UPDATE t SET v = 1 WHERE n = \(own)")
            }
            let kinds = await withTaskGroup(of: SQLError.Kind?.self) { group in
                for (connection, other) in [(first, 2), (second, 1)] {
                    group.addTask {
                        do {
                            try await connection.run("UPDATE t SET v = 2 WHERE n = \(other)")
                            try await connection.run("COMMIT")
                            return nil
                        } catch {
                            // Frees the other one.
                            _ = try? await connection.run("ROLLBACK")
                            return (error as? SQLError)?.kind ?? .failed
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(kinds.contains(nil) && kinds.contains(.busy) && kinds.count == 2)
        }
    }

    @Test("is busy after the statement's time, and goes on", arguments: Fixture.kinds)
    func timeout(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.shared(kind)
        let connection = try await Fixture.connect(
            server.url(database: "mysql"),
            statementTimeout: .milliseconds(300)
        )
        for seconds: SQLStatement in ["20", "\(20)", "20", "\(20)", "\(20)"] {
            // Alone, SLEEP ends without an error on MySQL.
            let error = await Fixture.error {
                _ = try await connection.rows("SELECT user FROM mysql.user WHERE SLEEP(\(seconds))")
            }
            #expect(error?.kind == .busy, "\(String(describing: error))")
        }
        #expect(try await connection.integer("SELECT \(1) + 1") == 2)
    }

    @Test("is interrupted while a statement runs, and not harmed by it when none does", arguments: Fixture.kinds)
    func interrupt(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.shared(kind)
        let connection = try await Fixture.connect(server.url(database: "mysql"))
        let administration = try await Fixture.connect(server.url(database: "mysql"))
        for mark in ["interrupted one", "interrupted two"] {
            async let error = Fixture.error {
                _ = try await connection.rows("SELECT user, '\(sql: mark)' FROM mysql.user WHERE SLEEP(\(25))")
            }
            try await Self.untilRunning(mark, administration)
            connection.interrupt()
            #expect(await error == .interrupted)
        }
        let before = try await Self.counted("Com_kill", administration)
        let connections = try await Self.counted("Threads_connected", administration)
        connection.interrupt()
        // Until the second connection has done its work, and is gone.
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let hasKilled = try await Self.counted("Com_kill", administration) != before
            if hasKilled, try await Self.counted("Threads_connected", administration) <= connections { break }
        }
        #expect(try await connection.integer("SELECT \(1) + 1") == 2)
        #expect(try await connection.integer("SELECT 3") == 3)
    }

    /// What the server counts under this name.
    private static func counted(_ name: String, _ administration: any SQLConnection) async throws -> Int {
        let rows = try await administration.rows("SHOW GLOBAL STATUS LIKE '\(sql: name)'")
        let row = try #require(rows.first)
        return try #require(Int(try row.text(1)))
    }

    @Test("is busy when someone else ends its statement", arguments: Fixture.kinds)
    func killedQuery(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.shared(kind)
        let connection = try await Fixture.connect(server.url(database: "mysql"))
        let administration = try await Fixture.connect(server.url(database: "mysql"))
        let id = try await connection.integer("SELECT CONNECTION_ID()")
        async let error = Fixture.error {
            _ = try await connection.rows("SELECT user, 'killed query' FROM mysql.user WHERE SLEEP(\(25))")
        }
        try await Self.untilRunning("killed query", administration)
        try await administration.run("KILL QUERY \(sql: String(id))")
        #expect(await error?.kind == .busy)
    }

    @Test("is lost when its connection is killed, and stays so", arguments: Fixture.kinds, ["", "ssl-mode=DISABLED"])
    func killedConnection(_ kind: DatabaseServer.Kind, _ parameters: String) async throws {
        let server = try await DatabaseServer.shared(kind)
        let connection = try await Fixture.connect(server.url(database: "mysql", parameters: parameters))
        let administration = try await Fixture.connect(server.url(database: "mysql"))
        let id = try await connection.integer("SELECT CONNECTION_ID() + \(0)")
        try await administration.run("KILL CONNECTION \(sql: String(id))")
        for _ in 0..<3 {
            let error = await Fixture.error { _ = try await connection.integer("SELECT \(1)") }
            #expect(error?.kind == .unreachable, "\(String(describing: error))")
        }
    }

    @Test(
        "is lost when the server dies, also in the middle of a statement, and nothing but the error comes of it",
        arguments: Fixture.kinds
    )
    func deadServer(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.start(kind)
        let url = server.url(database: "mysql")
        let (idle, running) = (try await Fixture.connect(url), try await Fixture.connect(url))
        let administration = try await Fixture.connect(url)
        async let error = Fixture.error { _ = try await running.rows("SELECT SLEEP(\(25)), 'dying'") }
        try await Self.untilRunning("dying", administration)
        await server.kill()
        #expect(await error?.kind == .unreachable)
        // Writing twice to a connection that is gone would bring SIGPIPE.
        for _ in 0..<3 {
            #expect(await Fixture.error { try await idle.run("DELETE FROM db WHERE 1 = \(0)") }?.kind == .unreachable)
        }
        #expect(await Fixture.refusal(url)?.kind == .unreachable)
        try await server.restart()
        #expect(try await Fixture.connect(url).integer("SELECT 1") == 1)
    }

    @Test("gives up a server that says nothing more", arguments: Fixture.kinds)
    func frozenServer(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.start(kind)
        let connection = try await Fixture.connect(
            server.url(database: "mysql"),
            statementTimeout: .milliseconds(100)
        )
        kill(server.processID, SIGSTOP)
        defer { kill(server.processID, SIGCONT) }
        let begin = ContinuousClock.now
        let error = await Fixture.error { _ = try await connection.integer("SELECT \(1)") }
        #expect(error?.kind == .unreachable, "\(String(describing: error))")
        #expect((.seconds(9) ..< .seconds(15)).contains(ContinuousClock.now - begin))
        let again = ContinuousClock.now
        #expect(
            await Fixture.refusal(server.url(database: "mysql", parameters: "connect_timeout=1"))?.kind == .unreachable
        )
        #expect(ContinuousClock.now - again < .seconds(5), "\(ContinuousClock.now - again)")
    }

    @Test("can't write if it is read-only", arguments: Fixture.kinds)
    func readOnly(_ kind: DatabaseServer.Kind) async throws {
        try await Fixture.withDatabase(kind) { url, _ in
            try await Fixture.connect(url).run("CREATE TABLE t (n INT)")
            for statement: SQLStatement in ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (\(1))", "DROP TABLE t"] {
                let connection = try await Fixture.connect(url, readOnly: true)
                #expect(try await connection.integer("SELECT COUNT(*) FROM t") == 0)
                #expect(await Fixture.error { try await connection.run(statement) } != nil)
            }
            #expect(try await Fixture.connect(url).integer("SELECT COUNT(*) FROM t") == 0)
        }
    }

    @Test(
        "tells of a server that only reads, or of a missing privilege, in the server's words",
        arguments: Fixture.kinds
    )
    func forbidden(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.start(kind)
        try await Fixture.withDatabase(kind, on: server) { url, _ in
            let administration = try await Fixture.connect(url)
            try await administration.run("CREATE TABLE t (n INT)")
            try await administration.run("CREATE USER reader@'%' IDENTIFIED BY 'hunter2'")
            try await administration.run("GRANT SELECT, DELETE ON *.* TO reader@'%'")
            try await administration.run("SET GLOBAL read_only = 1")
            let reader = url.replacing("admin:admin", with: "reader:hunter2")
            let connection = try await Fixture.connect(reader)
            let missing = await Fixture.error { try await connection.run("INSERT INTO t VALUES (\(1))") }
            #expect(missing?.kind == .denied)
            #expect(missing?.description.contains("INSERT command denied") == true)
            #expect(missing?.description.hasSuffix("(\(kind.product) error 1142)") == true)
            let error = await Fixture.error { try await connection.run("DELETE FROM t") }
            #expect(error?.kind == .unreachable)
            #expect(error?.description.contains("read-only") == true)
            try await administration.run("SET GLOBAL read_only = 0")
        }
    }
}
