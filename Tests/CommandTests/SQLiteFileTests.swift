import Foundation
import Sandbox
import TestSupport
import Testing

@Suite("A SQLite file that can't be changed")
struct SQLiteFileTests {
    @Test("because of its folder is found before anything is sent")
    func readOnlyFolder() async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3))
            let file = String(world.databaseURL.trimmingPrefix("sqlite://"))
            let folder = URL(filePath: file).deletingLastPathComponent()
            // A copy of the program, as another user may be unable to reach the original.
            let program = world.folder.appending(path: "program")
            try FileManager.default.copyItem(at: Program.purge.url, to: program)
            let everybody: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
            try FileManager.default.setAttributes(everybody, ofItemAtPath: world.folder.path)
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
            defer { try? FileManager.default.setAttributes(everybody, ofItemAtPath: folder.path) }
            // To root everything can be written to.
            let user = getuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
            let run = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                world.environment.map { "\($0)=\($1)" } + ["SYNC_HUMAN_LOGS=1"] + user
                    + [program.path, "--oneshot", "--node-type", "mysql"]
            )
            #expect(run.code == 1)
            #expect(run.text.contains("can't be changed") && run.text.contains("its folder"), "\(run.text)")
            #expect(run.text.split(separator: "\n").count == 1, "\(run.text)")
            #expect(world.requests == 0)
            #expect(try await world.uids() == [1, 2, 3])
        }
    }

    @Test("is found without touching any record, whatever its uid")
    func touchesNothing() async throws {
        try await TestWorld.with { world async throws in
            var records = SandboxRecord.obsolete(1...3)
            records += [Int64(-1), .min].map { uid in
                var record = SandboxRecord.active(uid, user: "strange\(uid)")
                record.clientState = "abcd"
                return record
            }
            try await world.add(records)
            let run = try await world.purge()
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [.min, -1])
        }
    }
}
