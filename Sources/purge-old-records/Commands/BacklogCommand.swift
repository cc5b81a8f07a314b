import ArgumentParser

/// Reports what is purgeable, and changes nothing.
struct BacklogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backlog",
        abstract: "Report what is purgeable, what waits and what is held, by node and by age; read-only."
    )

    @OptionGroup
    var records: RecordOptions
}
