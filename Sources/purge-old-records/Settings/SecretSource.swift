import SyncTokens

/// Finds the master secret: the argument, `--secret-file`, or `SYNC_MASTER_SECRET`.
struct SecretSource {
    private static let howToGive = "set SYNC_MASTER_SECRET, or give --secret-file"

    static let missing = UsageError(problem: "no master secret is given", remedy: howToGive)

    let secret: MasterSecret
    /// Whether it stands in the process list.
    let isExposed: Bool

    /// Fails where no secret is given and none is needed.
    init?(
        arguments: [String],
        file: String?,
        environment: [String: String],
        isNeeded: Bool
    ) throws(UsageError) {
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
            let text = try TextFile.read("--secret-file", file, holding: "secret")
            self = try SecretSource(text: text, isExposed: false, origin: "--secret-file")
        } else if let inherited {
            self = try SecretSource(text: inherited, isExposed: false, origin: "SYNC_MASTER_SECRET")
        } else if isNeeded {
            throw Self.missing
        } else {
            return nil
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

    private static func refuseMistypedCommand(_ argument: String) throws(UsageError) {
        for command in ["backlog", "purge", "audit", "help"] where distance(argument.lowercased(), command) <= 2 {
            if argument == command {
                throw UsageError(
                    problem: "the subcommand \(command) comes behind an option",
                    remedy:
                        "write it first: purge-old-records \(command) …; if it is the secret, give it with --secret-file"
                )
            }
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
