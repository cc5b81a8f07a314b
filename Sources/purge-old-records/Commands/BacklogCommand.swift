import ArgumentParser

/// Reports what is purgeable, and changes nothing.
struct BacklogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backlog",
        abstract: "Report what is purgeable, what waits and what is held, by node and by age; read-only."
    )

    @OptionGroup
    var records: RecordOptions

    /// It takes none; the parser's own complaint would repeat what may be a secret.
    @Argument(help: .hidden)
    var arguments: [String] = []
}
