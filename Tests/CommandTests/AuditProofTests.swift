import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// What an audit log proves, judged by a script that knows the format from its document, hashlib and OpenSSL alone.
@Suite("The proof in an audit log")
struct AuditProofTests {
    /// A world with a log that is signed, and its keys.
    private struct Signed {
        let world: TestWorld
        let log: String
        let key: String
        let publicKey: String
        let pseudonymKey: String

        var options: [String] {
            ["--audit-log", log, "--audit-key", key, "--audit-pseudonym-key", pseudonymKey]
        }

        func purge(_ more: String...) async throws -> Program.Finished {
            try await Program.purge.run(["--oneshot"] + options + more, environment: world.environment)
        }

        func audit(_ arguments: String...) async throws -> Program.Finished {
            try await Program.purge.run(["audit"] + arguments)
        }

        func judge(_ arguments: String...) throws -> Tool.Output {
            try Tool.run(Tool.python(), [Repository.url("Tests/CommandTests/Fixtures/check_audit.py").path] + arguments)
        }
    }

    private func with(
        _ kind: TestDatabase.Kind = .sqlite,
        _ body: (Signed) async throws -> Void
    ) async throws {
        try await TestWorld.with(kind) { world async throws in
            func file(_ name: String) -> String { world.folder.appending(path: name).path }
            let made = try await Program.purge.run(["audit", "--new-key", file("audit.key")])
            #expect(made.code == 0, "\(made.error)")
            try Data(made.output.utf8).write(to: URL(filePath: file("audit.pub")))
            try Data("a key that nobody guesses".utf8).write(to: URL(filePath: file("pseudonym.key")))
            try await body(
                Signed(
                    world: world,
                    log: file("audit.log"),
                    key: file("audit.key"),
                    publicKey: file("audit.pub"),
                    pseudonymKey: file("pseudonym.key")
                )
            )
        }
    }

    @Test(
        "is a chain with signed heads, as the format's document says; what was altered is told with another exit code"
    )
    func chain() async throws {
        try await with { signed async throws in
            var heads: [String] = []
            for first in [Int64(1), 101, 201] {
                try await signed.world.add(SandboxRecord.obsolete(first...(first + 30)))
                let run = try await signed.purge("--json")
                #expect(run.code == 0, "\(run.error)")
                let head = try #require(run.output.firstMatch(of: /"audit_head":"([0-9]+:[0-9a-f]{64})"/)).1
                #expect(try run.summary()["audit_head"] as? String == String(head))
                heads.append(String(head))
            }
            let judged = try signed.judge("log", signed.publicKey, signed.log)
            #expect(judged.code == 0 && judged.text.contains("the last one \(heads[2])"), "\(judged.text)")
            let whole = try await signed.audit(
                "--verify",
                "--public-key",
                signed.publicKey,
                "--head",
                heads[2],
                signed.log
            )
            #expect(whole.code == 0 && whole.output.hasSuffix("The log is as it was written.\n"), "\(whole.output)")
            // A run that has nothing to do writes nothing.
            let before = try Data(contentsOf: URL(filePath: signed.log))
            let idle = try await signed.purge("--json")
            #expect(idle.code == 0 && !idle.output.contains("audit_head"))
            #expect(try Data(contentsOf: URL(filePath: signed.log)) == before)

            let text = String(decoding: before, as: UTF8.self)
            let altered = signed.world.folder.appending(path: "altered.log").path
            func verify(_ text: String, _ more: String...) async throws -> Program.Finished {
                try Data(text.utf8).write(to: URL(filePath: altered))
                return try await Program.purge.run(
                    ["audit", "--verify", "--public-key", signed.publicKey] + more + [altered]
                )
            }
            let changed = try await verify(text.replacing("\"uid\":110,", with: "\"uid\":999,", maxReplacements: 1))
            #expect(changed.code == 65 && changed.output.contains("ALTERED: line "), "\(changed.output)")
            let cut = try await verify(String(text.dropLast(200)))
            #expect(cut.code == 3, "\(cut.output)")
            let lines = text.split(separator: "\n")
            let unsealed = try await verify(lines.dropLast().joined(separator: "\n") + "\n")
            #expect(unsealed.code == 3 && unsealed.output.contains("under no head"), "\(unsealed.output)")
            let end = try #require(lines.firstIndex { $0.hasPrefix("{\"event\":\"head\"") })
            let early = lines[...end].joined(separator: "\n") + "\n"
            #expect(try await verify(early).code == 0)
            #expect(try await verify(early, "--head", heads[2]).code == 65)
            #expect(try await verify("").code == 3)
            // Of it no certificate is made.
            _ = try await verify(text.replacing("\"uid\":110,", with: "\"uid\":999,", maxReplacements: 1))
            let refused = try await signed.audit("--certificate", "5", altered)
            #expect(refused.code == 65 && refused.output.isEmpty, "\(refused.output)")
        }
    }

    @Test("goes on whole through a service's rotations and a kill")
    func service() async throws {
        try await with { signed async throws in
            let manager = FileManager.default
            func service() throws -> Program.Running {
                try Program.purge.start(
                    ["--purge-interval", "0"] + signed.options,
                    environment: signed.world.environment
                )
            }
            func purge(_ uids: ClosedRange<Int64>, _ running: Program.Running) async throws {
                try await signed.world.add(SandboxRecord.obsolete(uids))
                try await eventually("\(uids) are purged") {
                    try await signed.world.uids().isEmpty || !running.isRunning
                }
            }
            var running = try service()
            try await purge(1...20, running)
            try manager.moveItem(atPath: signed.log, toPath: signed.log + ".2")
            running.send(SIGHUP)
            try await eventually("it is reopened") { running.errorSoFar.contains("Reopening the audit log") }
            try await purge(21...40, running)
            signed.world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(50)))
            try await signed.world.add(SandboxRecord.obsolete(41...400))
            try await eventually("some are purged") { signed.world.confirmed > 60 || !running.isRunning }
            running.send(SIGKILL)
            _ = await running.finished()
            let open = try await signed.audit("--verify", signed.log, signed.log + ".2")
            #expect(open.code != 65, "\(open.output)")
            let left = try await signed.audit(signed.log, signed.log + ".2")
            #expect(left.code == 3 && !left.output.contains("intents without an outcome: 0"), "\(left.output)")
            signed.world.nodes[0].faults = FaultPlan([])
            running = try service()
            try await eventually("the rest is purged") { try await signed.world.uids().isEmpty || !running.isRunning }
            // What is written between the copy and the truncation is lost: the outcomes come after the records are gone.
            try await eventually("each outcome is written") {
                try await signed.audit(signed.log, signed.log + ".2").code == 0 || !running.isRunning
            }
            try manager.copyItem(atPath: signed.log, toPath: signed.log + ".1")
            let handle = try FileHandle(forWritingTo: URL(filePath: signed.log))
            try handle.truncate(atOffset: 0)
            try handle.close()
            try await purge(501...520, running)
            running.send(SIGTERM)
            #expect(await running.finished().code == 0)
            let whole = try await signed.audit(
                "--verify",
                "--public-key",
                signed.publicKey,
                signed.log,
                signed.log + ".1",
                signed.log + ".2"
            )
            #expect(whole.code == 0, "\(whole.output)")
            let all = try await signed.audit(signed.log, signed.log + ".1", signed.log + ".2")
            #expect(all.output.contains("intents without an outcome: 0"), "\(all.output)")
        }
    }

    @Test("is whole after a disk that was full for some runs, and says what was torn")
    func fullDisk() async throws {
        // SQLite would not be able to write either.
        try await with(.postgres) { signed async throws in
            let running = try Program.purge.start(
                ["--purge-interval", "0"] + signed.options,
                environment: signed.world.environment
            )
            try await signed.world.add(SandboxRecord.obsolete(1...20))
            try await eventually("they are purged") { try await signed.world.uids().isEmpty || !running.isRunning }
            try await eventually("their outcomes are written") {
                let text = try String(contentsOfFile: signed.log, encoding: .utf8)
                return text.components(separatedBy: "\"event\":\"outcome\"").count == 21 && text.hasSuffix("\"}\n")
            }
            let size = try Data(contentsOf: URL(filePath: signed.log)).count
            // Room for a line and a half; the log of the process itself is shorter.
            let limit = try Tool.run(
                URL(filePath: "/usr/bin/prlimit"),
                ["--pid", "\(running.pid)", "--fsize=\(size + 700):unlimited"]
            )
            #expect(limit.code == 0, "\(limit.text)")
            try await signed.world.add(SandboxRecord.obsolete(21...40))
            try await eventually("it fails some times") {
                running.errorSoFar.components(separatedBy: "File too large").count > 3 || !running.isRunning
            }
            _ = try Tool.run(
                URL(filePath: "/usr/bin/prlimit"),
                ["--pid", "\(running.pid)", "--fsize=unlimited:unlimited"]
            )
            try await eventually("the rest is purged") { try await signed.world.uids().isEmpty || !running.isRunning }
            running.send(SIGTERM)
            #expect(await running.finished().code == 0)
            let whole = try await signed.audit("--verify", "--public-key", signed.publicKey, signed.log)
            #expect([0, 3].contains(whole.code), "\(whole.output)")
            #expect(whole.output.contains("torn") && !whole.output.contains("ALTERED"), "\(whole.output)")
        }
    }

    @Test("certifies what was deleted of an account, by its name, its e-mail or its uids, and holds without the log")
    func certificates() async throws {
        try await with { signed async throws in
            try await signed.world.add(
                SandboxRecord.obsolete(1...40) + [
                    .obsolete(50, user: "user7"), .obsolete(51, node: 9, user: "user7"), .active(60, user: "user7"),
                ]
            )
            signed.world.nodes[0].setFaults([try Fault(parsing: "status=403,uids=8")])
            #expect(try await signed.purge().code == 3)
            let log = try String(contentsOfFile: signed.log, encoding: .utf8)
            #expect(!log.contains("@") && !log.contains("user7"))

            let hashed = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                ["sh", "-c", "printf user7@example.com | openssl dgst -sha256 -hmac 'a key that nobody guesses' -r"]
            )
            let name = String(hashed.text.prefix(64))
            #expect(log.contains("\"account\":\"\(name)\""), "\(hashed.text)")
            let json = try await signed.audit("--account", name, "--json", "--public-key", signed.publicKey, signed.log)
            #expect(json.code == 0, "\(json.error)")
            try Schema.check(json.output.split(separator: "\n").map(String.init), "certificate")
            for uid in [7, 50, 51] { #expect(json.output.contains("\"uid\":\(uid),")) }
            #expect(!json.output.contains("\"uid\":6,") && !json.output.contains("user7"))
            let file = signed.world.folder.appending(path: "certificate.json").path
            try Data(json.output.utf8).write(to: URL(filePath: file))
            let judged = try signed.judge("certificate", signed.publicKey, file)
            #expect(judged.code == 0 && judged.text.hasPrefix("6 proofs under "), "\(judged.text)")
            let held = try await signed.audit("--check-certificate", file, "--public-key", signed.publicKey)
            #expect(held.code == 0 && held.output.contains("The proofs hold: 6 lines"), "\(held.output)")
            // Whatever is changed in what it says.
            for (old, new) in [
                ("\"status\":200", "\"status\":201"), ("\"data\":\"deleted\"", "\"data\":\"kept\""),
                ("\"index\":", "\"index\":1"), ("\"uid\":50,", "\"uid\":52,"), ("\\\"uid\\\":50,", "\\\"uid\\\":52,"),
                ("\"replaced_at\":\"20", "\"replaced_at\":\"19"), ("\"version\":\"", "\"version\":\"9"),
                ("\\\"root\\\":\\\"", "\\\"root\\\":\\\"0"),
                (
                    "\"subject\":{\"account\":\"\(name)",
                    "\"subject\":{\"account\":\"\(String(repeating: "0", count: 64))"
                ),
                ("\"intended_at\":\"20", "\"intended_at\":\"19"), ("\"ended_at\":\"20", "\"ended_at\":\"19"),
            ] {
                let altered = json.output.replacing(old, with: new, maxReplacements: 1)
                #expect(altered != json.output, "\(old)")
                try Data(altered.utf8).write(to: URL(filePath: file))
                let check = try await signed.audit("--check-certificate", file, "--public-key", signed.publicKey)
                #expect(check.code == 65, "\(old): \(check.output)")
            }
            try Data(json.output.replacing("{\"cannot", with: "{\"all\":\"gone\",\"cannot").utf8).write(
                to: URL(filePath: file)
            )
            #expect(try await signed.audit("--check-certificate", file).code == 64)
            try await forgedOutcome(signed, file)

            let byEmail = try await Program.purge.run(
                ["audit", "--email", "-", "--audit-pseudonym-key", signed.pseudonymKey, signed.log],
                input: "user7@example.com\n"
            )
            #expect(byEmail.code == 0, "\(byEmail.error)")
            for words in [
                "STATEMENT FROM THE AUDIT LOG", "the account named",
                "The data of 2 of 3 records was deleted. 1 record had none",
                "fits together", "deleted: its node confirmed it with status 200, between",
                "the record's node is gone",
                "Last written", "CAN'T PROVE", "go-syncstorage", "signed with key", "no request could be sent",
                "were not compared with a key", "a record in use",
            ] {
                let text = byEmail.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(text.contains(words), "\(words): \(byEmail.output)")
            }
            // Not all that was asked for.
            for (arguments, code) in [
                (["--certificate", "3", "4"], 0), (["--certificate", "3", "8"], 3), (["--certificate", "3", "999"], 3),
                (["--certificate", "999"], 3),
            ] {
                let run = try await Program.purge.run(["audit"] + arguments + [signed.log])
                #expect(run.code == code, "\(arguments): \(run.output) \(run.error)")
            }
        }
    }

    /// Of a record that was kept, a certificate that says otherwise, with its intent alone for evidence.
    private func forgedOutcome(_ signed: Signed, _ file: String) async throws {
        let kept = try await signed.audit("--certificate", "8", signed.log, "--json")
        #expect(kept.code == 3)
        var certificate = try #require(try JSONSerialization.jsonObject(with: Data(kept.output.utf8)) as? [String: Any])
        var deletion = try #require((certificate["deletions"] as? [[String: Any]])?.first)
        deletion["data"] = "deleted"
        deletion["record"] = "deleted"
        deletion["status"] = 200
        deletion["reason"] = nil
        deletion["evidence"] = try #require(deletion["evidence"] as? [[String: Any]]).prefix(1).map { $0 }
        certificate["deletions"] = [deletion]
        try JSONSerialization.data(withJSONObject: certificate).write(to: URL(filePath: file))
        let forged = try await signed.audit("--check-certificate", file, "--public-key", signed.publicKey)
        #expect(forged.code == 65, "\(forged.output)")
        try Data(kept.output.utf8).write(to: URL(filePath: file))
        let honest = try await signed.audit("--check-certificate", file, "--public-key", signed.publicKey)
        #expect(honest.code == 3 && honest.output.contains("was not deleted"), "\(honest.output)")
    }

    @Test("doesn't certify an account by lines that don't name it, nor with another key")
    func otherNames() async throws {
        try await with { signed async throws in
            try await signed.world.add([.obsolete(1, user: "user7")])
            #expect(try await signed.world.purge("--audit-log", signed.log, "--audit-key", signed.key).code == 0)
            try await signed.world.add([.obsolete(2, user: "user7")])
            #expect(try await signed.purge().code == 0)
            func ask(_ email: String, _ key: String) async throws -> Program.Finished {
                try await signed.audit("--email", email, "--audit-pseudonym-key", key, signed.log)
            }
            let some = try await ask("user7@example.com", signed.pseudonymKey)
            #expect(some.code == 3 && some.output.contains("2 lines of the files name no account"), "\(some.output)")
            let other = signed.world.folder.appending(path: "other.key").path
            try Data("another key that nobody guesses".utf8).write(to: URL(filePath: other))
            let none = try await ask("user7@example.com", other)
            #expect(
                none.code == 3 && none.output.isEmpty && none.error.contains("is about this account"),
                "\(none.error)"
            )
            for email in ["", "user7", "user7@example.com ", "@", "a@b@c"] {
                #expect(try await ask(email, signed.pseudonymKey).code == 64, "\(email)")
            }
            #expect(try await ask("user7@example.com", signed.key).code == 64)
        }
    }

    @Test("is no certificate of deletion where somebody put a line into the log that no head stands for")
    func forgedLine() async throws {
        try await with { signed async throws in
            try await signed.world.add([.obsolete(1)])
            #expect(try await signed.purge().code == 0)
            let text = try String(contentsOfFile: signed.log, encoding: .utf8)
            let outcome = try #require(text.split(separator: "\n").first { $0.contains("\"event\":\"outcome\"") })
            let forged = outcome.replacing("\"uid\":1,", with: "\"uid\":777,").replacing(/,"seq":.*/, with: "}")
            try Data((text + forged + "\n").utf8).write(to: URL(filePath: signed.log))
            try await signed.world.add([.obsolete(2)])
            #expect(try await signed.purge().code == 0)
            let run = try await signed.audit("--certificate", "777", signed.log)
            #expect(run.code == 3 && run.output.hasPrefix("STATEMENT FROM THE AUDIT LOG"), "\(run.output)")
            #expect(run.output.contains("not all are proved"), "\(run.output)")
            let honest = try await signed.audit("--certificate", "1", signed.log)
            #expect(honest.code == 3 && honest.output.hasPrefix("STATEMENT"), "\(honest.output)")
        }
    }

    @Test("tells a period's figures")
    func figures() async throws {
        try await with { signed async throws in
            // Ages by hand: 2, 10 and 40 days; the last one failed before, when it was a day younger.
            let line = { (uid: Int, time: String, replaced: String, fate: String) in
                "{\"event\":\"outcome\",\"time\":\"\(time)T00:00:00.000000Z\",\"run\":\"r\",\"uid\":\(uid),\"node_id\":\(uid % 2 + 1),\"replaced_at\":\(try Self.milliseconds(replaced)),\"kind\":\"not_down\",\"account\":\"\(String(repeating: "ab\(uid / 10)", count: 22).prefix(64))\",\"target\":\"https://n\(uid % 2).example\",\(fate),\"requests\":1,\"duration_ms\":1}"
            }
            let deleted = "\"data\":\"deleted\",\"record\":\"deleted\",\"status\":200"
            let failed = "\"data\":\"kept\",\"record\":\"kept\",\"reason\":\"http_5xx\",\"status\":500"
            let lines = [
                try line(9, "2026-09-30", "2026-01-01", deleted), try line(1, "2026-10-01", "2026-09-29", deleted),
                try line(2, "2026-10-11", "2026-10-01", deleted), try line(3, "2026-10-09", "2026-09-01", failed),
                try line(3, "2026-10-11", "2026-10-09", deleted), try line(11, "2026-11-01", "2026-01-01", deleted),
            ]
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: signed.log))
            let json = try await signed.audit(
                "--since",
                "2026-10-01",
                "--until",
                "2026-11-01",
                "--by-node",
                "--age-slo",
                "5d",
                "--json",
                signed.log
            )
            #expect(json.code == 0, "\(json.error)")
            try Schema.check([json.output.trimmingCharacters(in: .newlines)], "figures")
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [String: Any]]
            let figures = try #require(object?["figures"])
            let total = try #require(figures["total"] as? [String: Any])
            #expect(total["records_deleted"] as? Int == 3 && total["data_deleted"] as? Int == 3)
            #expect(total["accounts"] as? Int == 1)
            let ages = try #require(total["age_s"] as? [String: Int])
            #expect(ages["min"] == 2 * 86_400 && ages["max"] == 40 * 86_400)
            #expect(abs(Double(ages["median"] ?? 0) / 864_000 - 1) < 0.02, "\(ages)")
            #expect(total["missed_by_reason"] as? [String: Int] == ["not_tried_before": 1, "http_5xx": 1])
            #expect(figures["kept_by_reason"] as? [String: Int] == ["http_5xx": 1])
            #expect((figures["nodes"] as? [[String: Any]])?.map { $0["records_deleted"] as? Int } == [1, 2])
            let text = try await signed.audit("--until", "2026-10-31", "--by-node", signed.log)
            #expect(text.output.contains("https://n1.example (2)        3"), "\(text.output)")
        }
    }

    private static func milliseconds(_ day: String) throws -> Int64 {
        Int64(try Date("\(day)T00:00:00Z", strategy: .iso8601).timeIntervalSince1970 * 1000)
    }

    @Test(
        "finds what a restored database has again, and plans to purge it first",
        arguments: TestDatabase.Kind.allCases
    )
    func restored(_ kind: TestDatabase.Kind) async throws {
        try await with(kind) { signed async throws in
            let url = signed.world.databaseURL
            try await signed.world.add(SandboxRecord.replaced(1...20))
            let actives = try await signed.world.uids().filter { $0 > 20 }
            #expect(try await signed.purge().code == 0)
            let clean = try await signed.audit("--against-database", url, signed.log)
            #expect(clean.code == 0, "\(clean.output) \(clean.error)")
            #expect(clean.output.contains("20 deletions in the log; of these records 0 stand in"), "\(clean.output)")

            // A backup from before the purge brings ten back, one of them from before it was replaced.
            try await signed.world.add(SandboxRecord.obsolete(1...9) + [.active(10)])
            let text = try await signed.audit("--against-database", url, signed.log)
            #expect(text.code == 3, "\(text.error)")
            #expect(text.output.contains("these records 10 stand in"), "\(text.output)")
            #expect(
                text.output.contains("uid 10, node 1: deleted at") && text.output.contains("active: its data is gone")
            )
            let plan = signed.world.folder.appending(path: "plan.jsonl").path
            let json = try await signed.audit(
                "--against-database",
                url,
                "--node-type",
                "mysql",
                "--plan",
                plan,
                "--json",
                signed.log
            )
            #expect(json.code == 3, "\(json.error)")
            let lines = json.output.split(separator: "\n").map(String.init)
            try Schema.check(lines, "restored")
            #expect(lines.count == 11 && lines.last?.contains("\"planned\":9") == true, "\(json.output)")
            #expect(json.output.count { $0 == "@" } == 0)
            let purged = try await signed.purge("--plan", plan, "--accept-restored")
            #expect(purged.code == 0, "\(purged.error)")
            #expect(try await signed.world.uids() == [10] + actives)
            #expect(try await signed.audit("--against-database", url, "--plan", plan, signed.log).code == 64)
        }
    }

    @Test("is not asked for in contradictory ways: one line, and nothing made")
    func wrongInput() async throws {
        try await with { signed async throws in
            let other = signed.world.folder.appending(path: "other").path
            for arguments in [
                ["--verify", "--uid", "5", "x"], ["--verify"], ["--head", "5", "x"], ["--verify", "--head", "5", "x"],
                ["--public-key", signed.publicKey, "x"], ["--verify", "--public-key", signed.key, "x"],
                ["--verify", "--public-key", "/no/such/key", "x"], ["--new-key", other, other],
                ["--show-key", signed.publicKey], ["--show-key", signed.key, "x"], ["--account", "abc", "x"],
                ["--certificate", "5"], ["--certificate", signed.key], ["--certificate", "5,6", signed.key],
                [signed.key, signed.key], ["--since", "2026-02-30", signed.key], ["--certificate", "five", "--json"],
                ["--email", "a@b", "x"],
                ["--audit-pseudonym-key", signed.pseudonymKey, "x"], ["--check-certificate", signed.key],
                ["--since", "yesterday", "x"], ["--since", "2026-02-01", "--until", "2026-01-01", "x"],
                ["--since", "2026-13-01", "x"], ["--json", "x"], ["--plan", "p", "x"],
                ["--against-database", "nothing", "x"],
                ["--account", String(repeating: "a", count: 64), "--certificate", "5", "x"],
            ] {
                let run = try await Program.purge.run(["audit"] + arguments)
                #expect(run.code == 64, "\(arguments): \(run.code) \(run.output) \(run.error)")
                #expect(run.output.isEmpty && run.error.split(separator: "\n").count <= 2, "\(arguments): \(run.error)")
            }
            #expect(!FileManager.default.fileExists(atPath: other))
            let again = try await signed.audit("--new-key", signed.key)
            #expect(again.code == 1 && again.error.contains("isn't there yet"), "\(again.error)")
            for (option, file) in [
                ("--audit-key", signed.publicKey), ("--audit-key", "/no/key"), ("--audit-pseudonym-key", "/dev/null"),
            ] {
                let run = try await signed.world.purge("--audit-log", signed.log, option, file)
                #expect(run.code == 64, "\(option) \(file): \(run.error)")
            }
            let alone = try await signed.world.purge("--audit-key", signed.key)
            #expect(alone.code == 64 && alone.error.contains("without --audit-log"), "\(alone.error)")
            #expect(signed.world.requests == 0)
        }
    }
}
