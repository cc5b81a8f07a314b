import Foundation
import SyncTokens

/// Finds the master secret: the argument, `--secret-file`, or `SYNC_MASTER_SECRET`.
struct SecretSource {
    /// No secret is longer; a longer file is surely another one.
    private static let longestFile = 64 * 1024
    private static let howToGive = "set SYNC_MASTER_SECRET, or give --secret-file"

    let secret: MasterSecret
    /// Whether it stands in the process list.
    let isExposed: Bool

    init(arguments: [String], file: String?, environment: [String: String]) throws(UsageError) {
        if arguments.count > 1 {
            throw UsageError(
                problem: "more than one argument is given, but only the secret is one",
                remedy: "put a secret with spaces in quotes, or better give --secret-file; see --help for the options"
            )
        }
        let inherited = environment["SYNC_MASTER_SECRET"]
        if let argument = arguments.first {
            // A mistyped subcommand must not become a secret and start a purge.
            if file != nil || !(inherited ?? "").isEmpty {
                throw UsageError(
                    problem: "a secret is given as an argument, and another by --secret-file or SYNC_MASTER_SECRET",
                    remedy:
                        "leave the argument out; if it was meant as a subcommand, there are purge, backlog and audit"
                )
            }
            try Self.refuseMistypedCommand(argument)
            self = try SecretSource(text: argument, isExposed: true, origin: "the argument")
        } else if let file {
            self = try SecretSource(text: try Self.read(file), isExposed: false, origin: "--secret-file")
        } else if let inherited {
            self = try SecretSource(text: inherited, isExposed: false, origin: "SYNC_MASTER_SECRET")
        } else {
            throw UsageError(problem: "no master secret is given", remedy: Self.howToGive)
        }
    }

    private init(text: String, isExposed: Bool, origin: String) throws(UsageError) {
        do {
            secret = try MasterSecret(text)
            self.isExposed = isExposed
        } catch {
            throw UsageError(problem: "the master secret in \(origin) is empty", remedy: Self.howToGive)
        }
    }

    private static func read(_ file: String) throws(UsageError) -> String {
        let data: Data
        do {
            let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
            guard let handle else { throw CocoaError(.fileReadNoSuchFile) }
            data = try handle.read(upToCount: longestFile + 1) ?? Data()
        } catch {
            throw UsageError(
                problem: "--secret-file \(file) can't be read",
                remedy: "check that the file is there and that this user may read it"
            )
        }
        guard data.count <= longestFile, var text = String(data: data, encoding: .utf8) else {
            throw UsageError(
                problem: "--secret-file \(file) holds no secret: it is not UTF-8 text, or too long",
                remedy: "give the file that holds only the secret"
            )
        }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") {
            text.removeLast()
        }
        return text
    }

    private static func refuseMistypedCommand(_ argument: String) throws(UsageError) {
        for command in ["backlog", "purge", "audit", "help"] where distance(argument.lowercased(), command) <= 2 {
            throw UsageError(
                problem: "the argument looks like the subcommand \(command), mistyped",
                remedy: "write \(command); if it is the secret, give it with --secret-file"
            )
        }
    }

    /// How many letters must be inserted, removed or replaced to make one word of the other.
    private static func distance(_ one: String, _ other: String) -> Int {
        var row = Array(0...other.count)
        for (line, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, target) in other.enumerated() {
                let replaced = diagonal + (letter == target ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[other.count]
    }
}
