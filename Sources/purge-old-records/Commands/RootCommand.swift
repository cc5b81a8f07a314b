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
