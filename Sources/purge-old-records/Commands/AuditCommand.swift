import ArgumentParser

/// Answers questions from audit logs. Opens no database and asks no node.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Tell from audit logs what was deleted, when, and by which node's word.",
        discussion: """
            Without --uid: how many intents and outcomes there are, and each intent without an outcome, which is what \
            a program that was killed leaves. What it was about is confirmed again by the next run.

            Exit codes: 0 every intent has its outcome and every line could be read, or the data of each uid asked for was deleted or was an active \
            record's; 3 otherwise; 1 a file can't be read; 64 wrong arguments.
            """
    )

    @Option(
        name: .customLong("uid"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Tell all about this uid (repeatable).", valueName: "uid")
    )
    var uids: [String] = []

    @Argument(
        help: ArgumentHelp("The audit log's files, rotated ones too, in any order.", valueName: "file"),
        completion: .file()
    )
    var files: [String] = []
}
