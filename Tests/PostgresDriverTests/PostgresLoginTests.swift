import DatabaseServers
import Foundation
import Testing
import TokenserverStore

@testable import PostgresDriver

@Suite("Logging in to PostgreSQL", .timeLimit(.minutes(2)))
struct PostgresLoginTests {
    /// The reason must be of one line, name the database, and hold no password.
    private func check(_ error: SQLError?, says text: String) {
        let words = error?.description ?? ""
        #expect(words.hasPrefix("can't connect to the PostgreSQL database "))
        #expect(words.contains(text))
        #expect(!words.contains("hunter2") && !words.contains("\n"))
    }

    @Test("is refused with a wrong password, user or database")
    func wrongLogin() async throws {
        let server = try await DatabaseServer.shared(.postgres)
        for (database, user, password, code) in [
            ("postgres", "admin", "hunter2", "28P01"), ("postgres", "nobody", "hunter2", "28P01"),
            ("missing", "admin", "admin", "3D000"),
        ] {
            let error = await Postgres.failure(server.url(database: database, user: user, password: password))
            #expect(error.isRefused)
            check(error, says: "at 127.0.0.1:\(server.port): ")
            check(error, says: "(SQLSTATE \(code))")
        }
        let error = await Postgres.failure("postgres://admin@127.0.0.1:\(server.port)/postgres?passfile=/dev/null")
        #expect(error.isRefused)
    }

    @Test("is refused to whom the database doesn't let in, and later to whom has to wait for a place")
    func notNow() async throws {
        let server = try await DatabaseServer.shared(.postgres)
        let (role, database) = (Postgres.freshName("role"), Postgres.freshName("database"))
        let owner = try await Postgres.connect()
        try await owner.execute("CREATE ROLE \(sql: role) LOGIN PASSWORD 'hunter2' CONNECTION LIMIT 1")
        try await owner.execute("CREATE DATABASE \(sql: database)")
        try await owner.execute("REVOKE CONNECT ON DATABASE \(sql: database) FROM PUBLIC")
        let closed = await Postgres.failure(server.url(database: database, user: role, password: "hunter2"))
        #expect(closed.isRefused)
        check(closed, says: "(SQLSTATE 42501)")
        let url = server.url(database: "postgres", user: role, password: "hunter2")
        let first = try await Postgres.connect(url)
        let second = await Postgres.failure(url)
        #expect(second.isUnreachable)
        check(second, says: "(SQLSTATE 53300)")
        _ = try await first.query("SELECT 1")
        try await owner.execute("DROP DATABASE \(sql: database)")
    }

    @Test("finds a closed port, an unknown host and a missing socket unreachable")
    func unreachable() async throws {
        for (target, text) in [
            ("admin:hunter2@127.0.0.1:1/postgres", "Connection refused"),
            ("admin:hunter2@name.invalid/postgres", "name.invalid"),
            ("admin:hunter2@/postgres?host=/nowhere", "No such file"),
        ] {
            let error = await Postgres.failure("postgres://\(target)")
            #expect(error.isUnreachable)
            check(error, says: text)
        }
    }

    @Test("waits for an answer only as long as it is told")
    func silentServer() async throws {
        let server = try await DatabaseServer.start(.postgres)
        kill(server.processID, SIGSTOP)
        let clock = ContinuousClock()
        let url = server.url(database: "postgres", parameters: "connect_timeout=2")
        let time = await clock.measure {
            let error = await Postgres.failure(url)
            #expect(error.isUnreachable)
            check(error, says: "no answer within 2 seconds")
        }
        #expect(time >= .seconds(2) && time < .seconds(15))
        // Of several hosts, the next one is tried.
        let other = try await DatabaseServer.shared(.postgres)
        let hosts = "127.0.0.1:\(server.port),127.0.0.1:\(other.port)"
        let connection = try await Postgres.connect("postgres://admin:admin@\(hosts)/postgres?connect_timeout=2")
        let port = try await connection.query("SELECT current_setting('port')::int").first?.integer(0)
        #expect(port == Int64(other.port))
        kill(server.processID, SIGCONT)
        await server.stop()
    }

    @Test("works through a Unix socket")
    func socket() async throws {
        let server = try await DatabaseServer.shared(.postgres)
        let folder = server.socketFolder.path
        let encoded = folder.replacing("/", with: "%2F")
        for url in [
            "postgresql:///postgres?host=\(folder)&port=\(server.port)&user=admin&password=admin",
            "postgres://admin:admin@\(encoded):\(server.port)/postgres",
        ] {
            let rows = try await Postgres.connect(url).query("SELECT inet_client_addr() IS NULL")
            #expect(try rows.first?.integer(0) == 1)
        }
    }

    @Test("uses TLS, and trusts as it is told")
    func tls() async throws {
        let server = try await DatabaseServer.shared(.postgres)
        let authority = server.certificateAuthority.path
        let inUse: SQLStatement = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        for parameters in ["", "sslmode=require", "sslmode=verify-full&sslrootcert=\(authority)"] {
            let connection = try await Postgres.connect(parameters: parameters)
            #expect(try await connection.query(inUse).first?.integer(0) == 1)
        }
        let plain = try await Postgres.connect(parameters: "sslmode=disable")
        #expect(try await plain.query(inUse).first?.integer(0) == 0)

        let stranger = try await DatabaseServer.start(.postgres)
        let foreign = stranger.certificateAuthority.path
        let wrong = await Postgres.failure(try await Postgres.url("sslmode=verify-full&sslrootcert=\(foreign)"))
        #expect(wrong.isRefused)
        check(wrong, says: "certificate verify failed")
        let missing = await Postgres.failure(try await Postgres.url("sslmode=verify-ca&sslrootcert=/nowhere.pem"))
        #expect(missing.isRefused)
        await stranger.stop()

        // The certificate is for localhost and 127.0.0.1.
        let elsewhere = "postgres://admin:hunter2@elsewhere:\(server.port)/postgres?hostaddr=127.0.0.1"
        let name = await Postgres.failure("\(elsewhere)&sslmode=verify-full&sslrootcert=\(authority)")
        #expect(name.isRefused)
        check(name, says: "elsewhere")
    }

    @Test("is refused by a server without TLS if that is required, and else works")
    func withoutTLS() async throws {
        let server = try await DatabaseServer.start(.postgres, tls: false)
        let error = await Postgres.failure(server.url(database: "postgres", parameters: "sslmode=require"))
        #expect(error.isRefused)
        check(error, says: "does not support SSL")
        #expect(try await Postgres.connect(server.url(database: "postgres")).query("SELECT 1").count == 1)
        await server.stop()
    }
}
