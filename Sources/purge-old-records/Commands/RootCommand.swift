import ArgumentParser

struct RootCommand: ParsableCommand {
    static let name = "purge-old-records"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Removes obsolete user records from a Firefox Sync Tokenserver.",
        version: ProgramVersion.text,
        subcommands: [PurgeCommand.self, BacklogCommand.self, AuditCommand.self],
        defaultSubcommand: PurgeCommand.self
    )
}

/// The version of the program, as `--version` and the user agent say it.
enum ProgramVersion {
    static let text = "0.1.0"
}
