import Testing
import TokenserverStore

@Suite("caching_sha2_password over plain TCP")
struct CachingSHA2Tests {
    private static func url(_ server: FakeMySQL, password: String = "p%40ss%3Aw%C3%B6rd", _ parameters: String = "")
        -> String
    {
        "mysql://u:\(password)@127.0.0.1:\(server.port)/db?\(parameters)"
    }

    @Test(
        "proves the password by its hash, or sends it encrypted with the server's key",
        arguments: [FakeMySQL.Path.fast, .full, .switched]
    )
    func right(_ path: FakeMySQL.Path) async throws {
        let server = try FakeMySQL(path, password: "p@ss:wörd")
        _ = try await Fixture.connect(Self.url(server), readOnly: true, statementTimeout: .seconds(7))
        let settings = server.statements.joined(separator: ";")
        #expect(settings.contains("READ COMMITTED") && !settings.contains("READ ONLY"))
        // The server is MySQL and not MariaDB.
        #expect(settings.contains("max_execution_time = 7000") && !settings.contains("max_statement_time"))
        #expect(server.statements.allSatisfy { $0.hasPrefix("/* purge-old-records */ ") })
        _ = try await Fixture.connect(Self.url(server, "ssl-mode=DISABLED"))
        #expect(await Fixture.refusal(Self.url(server, "ssl-mode=REQUIRED"))?.kind == .refused)
    }

    @Test("is refused with a wrong password", arguments: [FakeMySQL.Path.fast, .full])
    func wrong(_ path: FakeMySQL.Path) async throws {
        let server = try FakeMySQL(path, password: "another")
        let error = await Fixture.refusal(Self.url(server, password: "hunter2"))
        #expect(error?.kind == .refused, "\(String(describing: error))")
    }

    @Test("goes by TLS where the server has it, and not without unless TLS is only preferred")
    func offeredTLS() async throws {
        let server = try FakeMySQL(.brokenTLS, password: "p@ss:wörd")
        #expect(await Fixture.refusal(Self.url(server, "ssl-mode=REQUIRED")) != nil)
        #expect(server.beginnings == (tls: 1, plain: 0))
        _ = try? await Fixture.connect(Self.url(server))
        #expect(server.beginnings.tls == 2)
    }

    @Test("never gives the password itself to a server that wants it without having proved who it is")
    func clearText() async throws {
        let server = try FakeMySQL(.clearText, password: "hunter2")
        for parameters in ["", "ssl-mode=REQUIRED", "ssl-mode=DISABLED"] {
            let error = await Fixture.refusal(Self.url(server, password: "hunter2", parameters))
            #expect(error?.kind == .refused, "\(String(describing: error))")
            #expect(server.statements.isEmpty)
        }
    }
}
