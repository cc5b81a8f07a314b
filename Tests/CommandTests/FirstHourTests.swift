import Foundation
import TestSupport
import Testing

/// docs/FIRST-HOUR.md, taken at its word: its commands are run as they stand there, and its mistakes are made.
@Suite("A self-hoster's first hour")
struct FirstHourTests {
    @Test("goes as the page says, behind nginx with TLS and a path prefix; each usual mistake says how to mend it")
    func page() throws {
        // A socket's path must be short, and the database's account must be able to enter.
        let folder = URL(filePath: "/tmp/hour-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = try #require(Bundle.module.url(forResource: "Fixtures/first_hour", withExtension: "py"))
        let programs = Program.purge.url.deletingLastPathComponent()
        let run = try Tool.run(Tool.python(), [script.path, Repository.folder.path, programs.path, folder.path])
        #expect(run.code == 0 && run.text.contains("the page is true"), "\(run.text.suffix(5000))")
    }
}
