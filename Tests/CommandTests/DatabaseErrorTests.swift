import DatabaseServers
import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// What is wrong from the start: one clear line, exit code 1, and no password in it.
@Suite("A database that can't be used")
struct DatabaseErrorTests {
    private static let servers = TestDatabase.Kind.servers

    @Test("is named with what is wrong: password, host, port, database", arguments: servers)
    func places(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { database in
            let password = try #require(URLComponents(string: database.url)?.percentEncodedPassword)
            let port = try #require(URLComponents(string: database.url)?.port)
            let name = String(database.url.split(separator: "/").last ?? "")
            for (url, word) in [
                (database.url.replacing(password, with: "hunter2"), "denied|authentication"),
                (database.url.replacing("127.0.0.1", with: "no-such-host.invalid"), "no-such-host.invalid"),
                (database.url.replacing(":\(port)/", with: ":1/"), ":1"),
                (database.url.replacing(name, with: "no_such_database"), "no_such_database"),
            ] {
                try await expectRefusal(url, word)
            }
        }
    }

    @Test("is named with what is missing: a table, a privilege", arguments: servers)
    func tables(_ kind: TestDatabase.Kind) async throws {
        for (grants, word) in [
            (Grants.readOnly, "docs/grants/\(kind == .postgres ? "postgres" : "mysql").sql"),
            (.allBut("DELETE"), "docs/grants"),
        ] {
            try await TestDatabase.with(kind, grants: grants) { database in
                try await database.tokenserver.insert([
                    SandboxTokenserver.NodeRow(id: NodeID(1), url: "http://127.0.0.1:9")
                ])
                try await expectRefusal(database.url, word)
            }
        }
        try await TestDatabase.with(kind) { database in
            try await database.tokenserver.execute("DROP TABLE services")
            try await expectRefusal(database.url, "services")
        }
    }

    @Test("refuses where TLS is required and the server has none", arguments: servers)
    func tls(_ kind: TestDatabase.Kind) async throws {
        let server = try await DatabaseServer.start(try #require(kind.server), tls: false)
        try await TestDatabase.with(kind, on: server) { database in
            let parameter = kind == .postgres ? "sslmode=require" : "ssl-mode=REQUIRED"
            try await expectRefusal("\(database.url)?\(parameter)", "TLS|SSL")
        }
        await server.stop()
    }

    @Test("a report and a dry run need no more than to read", arguments: servers)
    func readOnlyUser(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind, grants: .readOnly) { database in
            try await database.tokenserver.insert([SandboxTokenserver.NodeRow(id: NodeID(1), url: "http://127.0.0.1:9")]
            )
            try await database.tokenserver.insert(SandboxRecord.obsolete(1...3))
            for command in [["backlog"], ["--oneshot", "--dryrun"]] {
                let run = try await Program.purge.run(
                    command + ["--database-url", database.url],
                    environment: command == ["backlog"] ? [:] : ["SYNC_MASTER_SECRET": "s"]
                )
                #expect(run.code == 0, "\(run.error)")
            }
            #expect(try await database.tokenserver.recordCount() == 3)
        }
    }

    @Test("whoever may read is allowed to purge by the other file, after the first", arguments: servers)
    func bothFiles(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind, grants: .readOnlyThenPurging) { database in
            try await database.tokenserver.insert([SandboxTokenserver.NodeRow(id: NodeID(1), url: "http://127.0.0.1:9")]
            )
            try await database.tokenserver.insert(SandboxRecord.obsolete(1...3, node: 7))
            let run = try await Program.purge.run(
                ["--oneshot", "--database-url", database.url],
                environment: ["SYNC_MASTER_SECRET": "s"]
            )
            #expect(run.code == 0, "\(run.error)")
            #expect(try await database.tokenserver.recordCount() == 0)
        }
    }

    /// - Parameter words: of which one has to be in the line, separated by bars.
    private func expectRefusal(_ url: String, _ words: String) async throws {
        let run = try await Program.purge.run(
            ["--oneshot", "--database-timeout", "1"],
            environment: ["SYNC_TOKENSERVER__DATABASE_URL": url, "SYNC_MASTER_SECRET": "s"]
        )
        #expect(run.code == 1, "\(run.error)")
        let errors = try run.logLines().filter { $0["severity"] as? String == "ERROR" }
        #expect(errors.count == 1, "\(run.error)")
        let message = errors.first?["message"] as? String ?? ""
        #expect(words.split(separator: "|").contains { message.contains($0) }, "\(message)")
        for secret in ["hunter2", TestDatabase.password, URLComponents(string: url)?.percentEncodedPassword ?? "-"] {
            #expect(!run.error.contains(secret) && !run.output.contains(secret))
        }
    }
}
