import ArgumentParser

/// Reports what is purgeable, and changes nothing.
struct BacklogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backlog",
        abstract: "Report what is purgeable, what waits and what is held, by node and by age; read-only."
    )

    @OptionGroup(title: "Database")
    var database: DatabaseOptions

    @OptionGroup(title: "Which records")
    var records: RecordOptions

    @OptionGroup(title: "Logs")
    var logs: LogOptions

    @Option(
        help: ArgumentHelp(
            "An audit log: adds what the nodes said of records that are still there, as of then (repeatable).",
            valueName: "file"
        ),
        completion: .file()
    )
    var auditLog: [String] = []

    @Flag(help: "Also list each record that is held, waits or is malformed, a line each.")
    var list = false

    @Flag(help: "JSON instead of a table; with --list one object a line, the report last.")
    var json = false

    /// It takes none; the parser's own complaint would repeat what may be a secret.
    @Argument(help: .hidden)
    var arguments: [String] = []
}
