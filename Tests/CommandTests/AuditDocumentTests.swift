import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing

/// docs/AUDIT.md, taken at its word: its commands are run as they stand there.
@Suite("The document of the audit log")
struct AuditDocumentTests {
    /// What the document's world has besides the program: programs that bring records, and bring them back.
    private static let more = """
        #!/usr/bin/env python3
        import os, sqlite3, sys, time
        database = sqlite3.connect(os.environ["DATABASE"])
        if sys.argv[0].endswith("restore"):
            database.execute("INSERT INTO users SELECT * FROM saved WHERE uid IN (5, 301, 302)")
        else:
            database.execute("CREATE TABLE IF NOT EXISTS saved AS SELECT * FROM users")
            (last,) = database.execute("SELECT MAX(uid) / 100 FROM saved").fetchone()
            for uid in range((last + 1) * 100 + 1, (last + 1) * 100 + 11):
                columns = [name for _, name, *_ in database.execute("PRAGMA table_info(users)")]
                values = list(database.execute("SELECT * FROM saved LIMIT 1").fetchone())
                values[columns.index("uid")] = uid
                values[columns.index("email")] = f"user{uid}@example.com"
                for table in ("users", "saved"):
                    database.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)
        database.commit()
        """

    private static func commands() throws -> [String] {
        let text = try String(contentsOf: Repository.url("docs/AUDIT.md"), encoding: .utf8)
        return text.matches(of: /```sh\n((?:.|\n)*?)```/).map { String($0.1) }
    }

    @Test("shows each of its claims by a command that does what it says")
    func commands() async throws {
        let blocks = try Self.commands()
        #expect(blocks.count >= 10)
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...30))
            for name in ["more-records", "restore"] {
                let file = world.folder.appending(path: name)
                try Data(Self.more.utf8).write(to: file)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
            }
            let database = world.databaseURL.replacing("sqlite://", with: "")
            // The records are in the table from which they are brought back before the first purge.
            let prelude = """
                set -euo pipefail
                export PATH="\(Program.purge.url.deletingLastPathComponent().path):$PATH" DATABASE="\(database)"
                MORE_RECORDS="$PWD/more-records" RESTORE="$PWD/restore"
                python3 -c 'import os, sqlite3; d = sqlite3.connect(os.environ["DATABASE"]); d.execute("CREATE TABLE saved AS SELECT * FROM users"); d.commit()'
                purge-old-records() {
                    if test "${1:-}" = audit && [[ " $* " != *" --plan "* ]]; then command purge-old-records "$@"
                    else command purge-old-records "$@" --node-type mysql; fi
                }
                PS4='@@'
                set -x

                """
            let script = world.folder.appending(path: "script")
            try Data((prelude + blocks.joined(separator: "\n")).utf8).write(to: script)
            let run = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                world.environment.map { "\($0)=\($1)" } + ["bash", script.path],
                in: world.folder
            )
            #expect(run.code == 0, "\(run.text.suffix(3000))")
            let certificate = try String(contentsOf: world.folder.appending(path: "certificate.txt"), encoding: .utf8)
            #expect(certificate.hasPrefix("CERTIFICATE OF DELETION"))
        }
    }

    @Test("has a certificate that holds")
    func example() async throws {
        let folder = Repository.url("docs/examples")
        let check = try await Program.purge.run([
            "audit", "--check-certificate", folder.appending(path: "certificate.json").path,
            "--public-key", folder.appending(path: "audit.pub").path,
        ])
        #expect(check.code == 0, "\(check.output) \(check.error)")
        let json = try String(contentsOf: folder.appending(path: "certificate.json"), encoding: .utf8)
        try Schema.check([json.trimmingCharacters(in: .newlines)], "certificate")
        let text = try String(contentsOf: folder.appending(path: "certificate.txt"), encoding: .utf8)
        #expect(text.contains("HEADS OF THE LOG") && !text.contains("@"))
    }
}
