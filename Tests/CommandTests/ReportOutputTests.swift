import Foundation
import Sandbox
import TestDatabases
import TestSupport
import Testing

/// Whoever does `audit F > report && rm F` relies on the exit code.
@Suite("A report that can't be written")
struct ReportOutputTests {
    private static let reports = ["backlog", "backlog --json", "backlog --list", "audit $AUDIT", "--help", "--version"]

    @Test("is one line and exit code 1 on a full disk, and where standard output is closed", arguments: reports)
    func fullOrClosed(_ report: String) async throws {
        try await Self.withWorld { world, shell in
            for (redirection, why) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
                let output = try shell("\"$PROGRAM\" \(report) \(redirection)")
                #expect(output.code == 1, "\(redirection)")
                let lines = output.text.split(separator: "\n")
                #expect(lines.count == 1 && lines.first?.contains("standard output can't be written: \(why)") == true)
            }
            #expect(try await world.uids() == Array(1...200))
        }
    }

    @Test("is quiet where the reader has seen enough", arguments: reports)
    func closedPipe(_ report: String) async throws {
        try await Self.withWorld { _, shell in
            let output = try shell("\"$PROGRAM\" \(report) | head --lines=1")
            #expect(output.code == 0 && output.text.split(separator: "\n").count == 1, "\(output.text)")
        }
    }

    @Test("goes into no file that the program opens, where the standard descriptors are closed")
    func closedDescriptors() async throws {
        try await Self.withWorld { world, shell in
            let output = try shell("\"$PROGRAM\" --oneshot --audit-log \"$AUDIT\" <&- >&- 2>&-")
            #expect(output.code == 0, "\(output.text)")
            #expect(try await world.uids() == [])
            let audit = try String(contentsOf: world.folder.appending(path: "audit.jsonl"), encoding: .utf8)
            let lines = audit.split(separator: "\n")
            #expect(lines.count { !$0.contains("\"event\":\"head\"") } == 404)
            #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        }
    }

    @Test("an audit log or a plan that is no file is refused, at once and with nothing touched")
    func otherKindsOfFiles() async throws {
        try await Self.withWorld { world, shell in
            let before = world.requests
            for (made, kind) in [("mkfifo", "pipe"), ("mkdir", "directory")] {
                let path = world.folder.appending(path: kind).path
                _ = try shell("\(made) '\(path)'")
                for options in ["--audit-log '\(path)'", "--dryrun --plan '\(path)'"] {
                    let output = try shell("\"$PROGRAM\" --oneshot \(options)")
                    #expect(output.code == 64 && output.text.contains("names a \(kind)"), "\(output.text)")
                }
            }
            let output = try shell("\"$PROGRAM\" --oneshot --audit-log /dev/null")
            #expect(output.code == 64 && output.text.contains("names a device"))
            #expect(world.requests == before)
        }
    }

    /// - Parameter body: gets a shell in which `$PROGRAM` is the program, with its database and its secret, and `$AUDIT` an
    ///   audit log of one record.
    private static func withWorld(
        _ body: (TestWorld, (String) throws -> Tool.Output) async throws -> Void
    ) async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(201...201))
            let audit = world.folder.appending(path: "audit.jsonl").path
            let run = try await world.purge("--audit-log", audit)
            #expect(run.code == 0, "\(run.error)")
            try await world.add(SandboxRecord.obsolete(1...200))
            func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }
            var lines = world.environment.map { "export \($0)=\(quoted($1))" }
            lines += ["PROGRAM=\(quoted(Program.purge.url.path))", "AUDIT=\(quoted(audit))"]
            // The records' users have one record each.
            lines.append("export SYNC_HUMAN_LOGS=1")
            let preamble = lines.joined(separator: "\n")
            try await body(world) { command in
                let named = command.replacing("--oneshot", with: "--oneshot --node-type mysql")
                return try Tool.run(URL(filePath: "/bin/sh"), ["-c", "\(preamble)\n\(named)"])
            }
        }
    }
}
