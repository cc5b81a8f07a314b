import ArgumentParser

struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge-old-records",
        abstract: "Removes obsolete user records from a Firefox Sync Tokenserver.",
        discussion: """
            For each record that was replaced, or whose account was deleted, the record's storage node is asked to \
            delete the user's old data; once it confirms that, the record is deleted. Data of a live user is never \
            touched; where that is in doubt, the record is held and reported.

            Without a subcommand it purges. Every option with _ can be written with -, and the other way round.

            Exit codes: 0 all that could safely be done was done, or stopped on request; 1 could not run; 3 records \
            failed, or nodes could not be reached or answered wrongly; 64 wrong arguments.
            """,
        version: ProgramVersion.text,
        subcommands: [PurgeCommand.self, BacklogCommand.self],
        defaultSubcommand: PurgeCommand.self
    )
}

/// The version of the program, as `--version` and the user agent say it.
enum ProgramVersion {
    static let text = "0.1.0"
}
