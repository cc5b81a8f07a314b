import Foundation
import Purging
import SQLiteDriver
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// Wrong input of every kind gets one clear line and the right exit code, and nothing is touched.
@Suite("Wrong input")
struct WrongInputTests {
    struct Case: CustomTestStringConvertible {
        let arguments: [String]
        var environment: [String: String] = [:]
        /// A word of the line that says what is wrong.
        let word: String

        var testDescription: String { arguments.joined(separator: " ") + " \(environment)" }
    }

    static let database = ["SYNC_TOKENSERVER__DATABASE_URL": "sqlite:/nowhere/absent.db"]
    static let both = database.merging(["SYNC_MASTER_SECRET": "hunter2"]) { $1 }

    static let cases: [Case] = [
        Case(arguments: [], environment: database, word: "no master secret"),
        Case(arguments: [""], environment: database, word: "empty"),
        Case(arguments: [], environment: database.merging(["SYNC_MASTER_SECRET": ""]) { $1 }, word: "empty"),
        Case(arguments: ["--secret-file", "/nowhere/secret"], environment: database, word: "can't be read"),
        Case(arguments: ["--secret-file", "/"], environment: database, word: "can't be read"),
        Case(arguments: ["--secret-file", "/dev/null"], environment: database, word: "empty"),
        Case(arguments: ["hunter2"], environment: both, word: "another"),
        Case(arguments: ["hunter2", "--secret-file", "/dev/null"], environment: database, word: "another"),
        Case(arguments: ["hunter2", "hunter3"], environment: database, word: "more than one argument"),
        Case(arguments: ["backlgo"], environment: both, word: "another"),
        Case(arguments: ["backlo"], environment: database, word: "mistyped"),
        Case(arguments: ["backlgo"], environment: database, word: "mistyped"),
        Case(arguments: ["hunter2"], word: "no database"),
        Case(arguments: ["hunter2", "--database-url", "oracle://x/y"], word: "scheme"),
        Case(arguments: ["hunter2", "--database-url", "mysql://u:hunter2@h"], word: "database"),
        Case(arguments: ["hunter2", "--database-url", "mysql://u:hunter2@h/d?ssl-moode=X"], word: "ssl-moode"),
        Case(arguments: ["hunter2", "--database-url", "postgres://u:hunter2@h"], word: "database"),
        Case(arguments: ["hunter2", "--database-url", "postgres://u:hunter2@h/d?x=1"], word: "parameter"),
        Case(arguments: ["hunter2", "--database-url", "sqlite:"], word: "file"),
        Case(arguments: ["--max-per-loop", "0"], environment: both, word: "--max-per-loop"),
        Case(arguments: ["--max-per-loop", "ten"], environment: both, word: "max-per-loop"),
        Case(arguments: ["--max-per-loop", "hunter2"], environment: both, word: "--max-per-loop"),
        Case(arguments: ["--node-type", "hunter2"], environment: both, word: "--node-type"),
        Case(arguments: ["--max-offset", "-1"], environment: both, word: "--max-offset"),
        Case(arguments: ["--max-records=-5"], environment: both, word: "--max-records"),
        Case(arguments: ["--purge-interval", "-1"], environment: both, word: "--purge-interval"),
        Case(arguments: ["--request-timeout", "0"], environment: both, word: "--request-timeout"),
        Case(arguments: ["--request-timeout", "25h"], environment: both, word: "--request-timeout"),
        Case(arguments: ["--run-time", "4x"], environment: both, word: "--max-runtime"),
        Case(arguments: ["--max-runtime", "h"], environment: both, word: "--max-runtime"),
        Case(arguments: ["--grace-period", "99999999999999999999w"], environment: both, word: "--grace-period"),
        Case(arguments: ["--grace-period", "9223372036854775807w"], environment: both, word: "--grace-period"),
        Case(arguments: ["--connect-timeout", "0"], environment: both, word: "--connect-timeout"),
        Case(arguments: ["--connect-timeout", "-1"], environment: both, word: "--connect-timeout"),
        Case(arguments: ["--connect-timeout", "0m"], environment: both, word: "--connect-timeout"),
        Case(arguments: ["--connect-timeout", "hunter2"], environment: both, word: "--connect-timeout"),
        Case(arguments: ["--concurrency", "0"], environment: both, word: "--concurrency"),
        Case(arguments: ["--max-attempts", "0"], environment: both, word: "--max-attempts"),
        Case(arguments: ["--max-rate", "-1"], environment: both, word: "--max-rate"),
        Case(arguments: ["--max-rate", "nan"], environment: both, word: "--max-rate"),
        Case(arguments: ["--max-runtime", "-1"], environment: both, word: "--max-runtime"),
        Case(arguments: ["--max-runtime", "1x"], environment: both, word: "--max-runtime"),
        Case(arguments: ["--token-duration", "-1"], environment: both, word: "--token-duration"),
        Case(arguments: ["--grace-period", "99999999999"], environment: both, word: "--grace-period"),
        Case(arguments: ["--range_start", "5", "--range_end", "5"], environment: both, word: "not below"),
        Case(arguments: ["--range_start", "x"], environment: both, word: "range_start"),
        Case(arguments: ["--on-failure", "retry"], environment: both, word: "--on-failure"),
        Case(arguments: ["--override_node", "ftp://x"], environment: both, word: "--override_node"),
        Case(arguments: ["--node-type", "oracle"], environment: both, word: "--node-type"),
        Case(arguments: ["--node-type", "mysql", "--node-type", "spanner"], environment: both, word: "both"),
        Case(arguments: ["--node-type", "x=mysql"], environment: both, word: "URL"),
        Case(
            arguments: ["--node-type", "mysql"],
            environment: both.merging(["SYNC_TOKENSERVER__SPANNER_NODE_ID": "3"]) { $1 },
            word: "contradicts"
        ),
        Case(
            arguments: [],
            environment: both.merging(["SYNC_TOKENSERVER__SPANNER_NODE_ID": "three"]) { $1 },
            word: "not a number"
        ),
        Case(
            arguments: [],
            environment: both.merging(["SYNC_TOKENSERVER__SPANNER_NODE_ID": ""]) { $1 },
            word: "SPANNER_NODE_ID is empty"
        ),
        Case(arguments: [], environment: both.merging(["HTTPS_PROXY": "socks5://x"]) { $1 }, word: "HTTPS_PROXY"),
        Case(arguments: ["--metric_port", "0"], environment: both, word: "--metric_port"),
        Case(arguments: ["--ca-file", "/nowhere.pem"], environment: both, word: "--ca-file"),
        Case(arguments: ["--frobnicate"], environment: both, word: "frobnicate"),
        Case(arguments: ["backlog", "hunter2"], environment: database, word: "argument"),
        Case(arguments: ["backlog", "--max-records", "3"], environment: database, word: "max-records"),
    ]

    @Test("ends with 64, one line on what is wrong and one on what to do", arguments: cases)
    func usage(_ wrong: Case) async throws {
        let run = try await Program.purge.run(wrong.arguments, environment: wrong.environment)
        #expect(run.code == 64, "\(run.error)")
        let lines = run.error.split(separator: "\n")
        #expect(lines.count == 2, "\(run.error)")
        #expect(lines.first?.contains(wrong.word) == true, "\(run.error)")
        #expect(!run.error.contains("hunter"), "a secret is in: \(run.error)")
    }

    @Test("a database that can't be used ends with 1 and one line")
    func databases() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "wrong-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func path(_ name: String) -> String { folder.appending(path: name).path }
        try Data("this is a text and no database, whatever its name says".utf8).write(
            to: URL(filePath: path("text.db"))
        )
        let bare = try await SandboxTokenserver.create(
            connector: SQLiteConnector(path: path("bare.db"), createsFile: true)
        )
        try await bare.execute("DELETE FROM services")
        let noNodes = try await SandboxTokenserver.create(
            connector: SQLiteConnector(path: path("nodeless.db"), createsFile: true)
        )
        try await noNodes.insert(SandboxRecord.obsolete(1...3))
        for (name, word) in [
            ("absent.db", "there is no"), ("text.db", "not a database"), ("bare.db", "services"),
            ("nodeless.db", "nodes table"), (".", "directory"),
        ] {
            for command in [["--oneshot"], ["--oneshot", "--dryrun"], ["backlog"]] {
                let run = try await Program.purge.run(
                    command + ["--database-url", "sqlite://\(path(name))"],
                    environment: command == ["backlog"] ? [:] : ["SYNC_MASTER_SECRET": "hunter2"]
                )
                #expect(run.code == 1, "\(name) \(command): \(run.error)")
                if command == ["backlog"] {
                    // As it prints for people: a line that says what is wrong, and where the database's name is from.
                    #expect(run.error.hasPrefix("purge-old-records: ") && run.error.contains(word), "\(run.error)")
                    #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
                    #expect(name == "nodeless.db" || run.error.contains("--database-url"), "\(run.error)")
                    continue
                }
                let errors = try run.logLines().filter { $0["severity"] as? String == "ERROR" }
                #expect(errors.contains { ($0["message"] as? String)?.contains(word) == true }, "\(name): \(run.error)")
            }
        }
        #expect(try await noNodes.recordCount() == 3)
    }

    @Test(
        "a SPANNER_NODE_ID that is not in nodes ends with 1 and changes nothing",
        arguments: TestDatabase.Kind.allCases
    )
    func missingSpannerNode(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add([.obsolete(1), .obsolete(2, node: 9)])
            let run = try await Program.purge.run(
                ["--oneshot"],
                environment: world.environment.merging(["SYNC_TOKENSERVER__SPANNER_NODE_ID": "77"]) { $1 }
            )
            #expect(run.code == 1)
            #expect(run.error.contains("SPANNER_NODE_ID"))
            #expect(try await world.uids() == [1, 2])
        }
    }

    @Test(
        "a node's URL that can't be used is told once, its records fail, and the others are purged",
        arguments: TestDatabase.Kind.allCases
    )
    func badNodeURL(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.tokenserver.insert([SandboxTokenserver.NodeRow(id: NodeID(2), url: "ftp://old node")])
            try await world.add(SandboxRecord.obsolete(1...5) + SandboxRecord.obsolete(11...14, node: 2))
            let run = try await world.purge("--on-failure", "leave")
            #expect(run.code == 3)
            let told = try run.logLines().filter { ($0["message"] as? String)?.contains("node's URL") == true }
            #expect(told.count == 1)
            #expect(try await world.uids() == [11, 12, 13, 14])
            #expect(try run.summary()["records_failed"] as? Int == 4)
        }
    }
}
