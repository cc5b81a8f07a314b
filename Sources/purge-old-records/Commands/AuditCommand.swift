import ArgumentParser

/// Answers questions from audit logs. Opens a database only where it is told to, and asks no node.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Tell from audit logs what was deleted, when, and by which node's word.",
        usage: """
            purge-old-records audit [--uid <uid> ...] <file> ...
            purge-old-records audit --verify [--public-key <file>] <file> ...
            purge-old-records audit --certificate <uid> ... [--json] <file> ...
            purge-old-records audit --account <hash> [--json] <file> ...
            purge-old-records audit --check-certificate <file> [--public-key <file>]
            purge-old-records audit --since <date> --until <date> [--json] <file> ...
            purge-old-records audit --against-database <URL> <file> ...
            purge-old-records audit --new-key [<file>]
            """,
        discussion: """
            Without another question: how many intents and outcomes there are, and each intent without an outcome, which is \
            what a program that was killed leaves. What it was about is confirmed again by the next run.

            Exit codes: 1 a file or the database can't be read; 64 wrong arguments; else by question:
            - none: 0 every intent has an outcome, and every line could be read; 3 otherwise
            - --uid: 0 the data of each was deleted, or was none of its own; 3 otherwise
            - --verify: 0 the log is whole, and as it was written; 3 something is missing or not signed; 65 it was altered, or \
            signed with a key that was not named
            - --certificate, --account, --email: 0 all of it was deleted and proved; 3 otherwise; 65 as with --verify, and no \
            certificate is made
            - --check-certificate: 0 its proofs hold, and all of it was deleted; 3 they hold, but not for all; 65 they don't
            - --since, --until: 0; 3 a line could not be read; 65 as with --verify
            - --against-database: 0 nothing stands there again; 3 something does; 65 as with --verify
            """
    )

    @Option(
        name: .customLong("uid"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Tell all about this uid (repeatable).", valueName: "uid")
    )
    var uids: [String] = []

    @Flag(help: "Print certificates, figures and restored records as JSON.")
    var json = false

    @OptionGroup(title: "Was the log altered?")
    var verification: VerificationOptions

    @OptionGroup(title: "Proof of a deletion")
    var certificates: CertificateOptions

    @OptionGroup(title: "The figures of a period")
    var period: PeriodOptions

    @OptionGroup(title: "After a restore")
    var restore: RestoreOptions

    @OptionGroup(title: "Which records a plan may name, as for a purge")
    var records: RecordOptions

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

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The chain's lines before this one were deleted on purpose, with their files.",
            valueName: "number"
        )
    )
    var first: String?

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

/// What a certificate is about.
struct CertificateOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "What was deleted of these uids, where, when and by whose word, with the proof.",
            valueName: "uid"
        )
    )
    var certificate: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The same of the account with this name, which a log with --audit-pseudonym-key has.",
            valueName: "hash"
        )
    )
    var account: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The same of the account with this e-mail as Tokenserver has it, - to read it from standard input.",
            valueName: "e-mail"
        )
    )
    var email: String?

    @Option(
        help: ArgumentHelp("With --email: the key that the log was written with.", valueName: "file"),
        completion: .file()
    )
    var auditPseudonymKey: String?

    @Option(
        help: ArgumentHelp(
            "Tell whether the proofs in this certificate, in JSON, hold. Needs no log.",
            valueName: "file"
        ),
        completion: .file()
    )
    var checkCertificate: String?
}

/// Which period, and what is told of it.
struct PeriodOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What was deleted from this moment on: 2026-11-01, or a time such as 2026-11-01T06:00:00Z.",
            valueName: "date"
        )
    )
    var since: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What was deleted before this moment.", valueName: "date")
    )
    var until: String?

    @Flag(help: "A line for each node.")
    var byNode = false

    @Option(
        name: .customLong("age-slo"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "Also how many records were older than this when they were deleted, and why.",
            valueName: "time"
        )
    )
    var ageSLO: String?
}

/// What stands in a database again.
struct RestoreOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Tell which records stand in this database again although they were deleted, and what became of intents without an"
                + " outcome. Changes nothing.",
            valueName: "URL"
        )
    )
    var againstDatabase: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Write a plan to this file that purges them again.", valueName: "file"),
        completion: .file()
    )
    var plan: String?
}
