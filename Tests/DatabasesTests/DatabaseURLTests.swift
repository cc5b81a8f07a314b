import Databases
import Foundation
import SQLiteDriver
import Testing
import TokenserverStore

@Suite("A database URL")
struct DatabaseURLTests {
    @Test(
        "names a SQLite file, relative or absolute, with percent-encoding",
        arguments: [
            ("sqlite:relative.db", "relative.db"), ("sqlite:///var/lib/sync.db", "/var/lib/sync.db"),
            ("sqlite:/var/lib/sync.db", "/var/lib/sync.db"), ("SQLITE:a%20b.db", "a b.db"),
            ("sqlite:folder/sync.db", "folder/sync.db"),
        ]
    )
    func sqlite(_ url: String, _ path: String) throws {
        #expect(try SQLiteURL(url).path == path)
        let absolute = URL(filePath: path).standardizedFileURL.path
        #expect(absolute.hasPrefix("/"))
        #expect(try Database.connector(url).name == "SQLite \(absolute)")
    }

    @Test(
        "of another kind is refused, without a word of what may be a password",
        arguments: [
            "", "tokenserver.db", "sqlite:", "sqlite://host/file", "sqlite::memory:", "sqlite:a.db?mode=ro",
            "sqlite:a%zz",
            "oracle://user:hunter2@db/x", "mysql+pymysql", "mysql:user:hunter2", "postgres:user:hunter2",
        ]
    )
    func refused(_ url: String) {
        do {
            _ = try Database.connector(url)
            Issue.record("\(url) was taken")
        } catch {
            #expect(!error.problem.contains("hunter2") && !error.remedy.contains("hunter2"))
            #expect(!error.problem.isEmpty && !error.remedy.isEmpty)
        }
    }
}
