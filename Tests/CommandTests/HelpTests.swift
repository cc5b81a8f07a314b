import Foundation
import Testing

@Suite("The help of each command")
struct HelpTests {
    @Test(
        "fits a terminal of eighty columns",
        arguments: [["--help"], ["help", "purge"], ["backlog", "--help"], ["audit", "--help"]]
    )
    func width(arguments: [String]) async throws {
        let help = try await Program.purge.run(arguments, environment: ["COLUMNS": "80"])
        #expect(help.code == 0 && help.error.isEmpty)
        for line in help.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        #expect(!help.output.contains("\u{1B}"))
    }

    @Test("has examples before its options, and its options in groups")
    func order() async throws {
        let help = try await Program.purge.run(["--help"]).output
        let heads = help.matches(of: /(?m)^([A-Z][A-Z ,]+):/).map { String($0.1) }
        #expect(heads.prefix(3) == ["OVERVIEW", "USAGE", "EXAMPLES"], "\(heads)")
        #expect(heads.count >= 10, "\(heads)")
        // Each example is one that the program takes: it fails for want of a database or a secret, not of an option.
        let examples = try #require(help.firstMatch(of: /EXAMPLES:\n((?:.|\n)*?)\n\n[A-Z]+:/)?.1)
        let joined = examples.replacing(" \\\n", with: " ")
        let commands = joined.matches(of: /(?m)^ +purge-old-records (.*)$/).map { String($0.1) }
        #expect(commands.count >= 5)
        for command in commands {
            let words = command.matches(of: /"([^"]*)"|(\S+)/).map { String($0.1 ?? $0.2 ?? "") }
            let run = try await Program.purge.run(
                words.map { $0.hasPrefix("/etc") ? "/nowhere/secret" : $0 },
                environment: ["SYNC_TOKENSERVER__DATABASE_URL": "sqlite:///nowhere/at.all", "SYNC_MASTER_SECRET": "s"],
                namesStorage: false
            )
            #expect(run.code == 1 || run.error.contains("/nowhere/secret"), "\(command): \(run.code) \(run.error)")
        }
    }
}
