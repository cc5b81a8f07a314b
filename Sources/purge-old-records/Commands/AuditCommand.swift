import ArgumentParser

/// Answers questions from audit logs. Opens a database only where it is told to, and asks no node.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Tell from audit logs what was deleted, when, and by which node's word.",
        discussion: """
            Without another question: how many intents and outcomes there are, and each intent without an outcome, which is \
            what a program that was killed leaves. What it was about is confirmed again by the next run.

            Exit codes: 0 every intent has its outcome and every line could be read, or the data of each uid asked for was deleted or was an active \
            record's; 3 otherwise; 1 a file can't be read; 64 wrong arguments. With --verify: 0 the log is as it was written, \
            whole and signed; 3 something is missing or not signed; 65 it was altered.
            """
    )

    @Option(
        name: .customLong("uid"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Tell all about this uid (repeatable).", valueName: "uid")
    )
    var uids: [String] = []

    @OptionGroup(title: "Was the log altered?")
    var verification: VerificationOptions

    @Argument(
        help: ArgumentHelp("The audit log's files, rotated ones too, in any order.", valueName: "file"),
        completion: .file()
    )
    var files: [String] = []
}

/// How audit logs are verified, and with which keys.
struct VerificationOptions: ParsableArguments {
    @Flag(help: "Tell whether the files are as they were written, and name the first line that isn't.")
    var verify = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Signatures have to be of the public key in this file (repeatable).", valueName: "file"),
        completion: .file()
    )
    var publicKey: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "This line has to be there: audit_head of a run's log or result. Tells a log that was cut at the end of an earlier run.",
            valueName: "head"
        )
    )
    var head: String?

    @Flag(
        help: "Make a key that signs: into the file that is named, and print its public key; without a file, print it."
    )
    var newKey = false

    @Option(
        help: ArgumentHelp("Print the public key of the key in this file.", valueName: "file"),
        completion: .file()
    )
    var showKey: String?
}
