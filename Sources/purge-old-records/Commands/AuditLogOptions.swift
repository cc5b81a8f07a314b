import ArgumentParser

/// What is written down of each deletion, and how it is kept from being changed later.
struct AuditLogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Append one line to this file before a record is sent, and one with its outcome. SIGHUP reopens it.",
            valueName: "file"
        ),
        completion: .file()
    )
    var auditLog: String?

    @Option(
        help: ArgumentHelp(
            "Sign the audit log with the key in this file, which `audit --new-key FILE` makes.",
            valueName: "file"
        ),
        completion: .file()
    )
    var auditKey: String?

    @Option(
        help: ArgumentHelp(
            """
            Name accounts in the audit log by a keyed hash, with the secret in this file as the key: 16 random bytes or more. \
            `audit --account` finds what was deleted for one.
            """,
            valueName: "file"
        ),
        completion: .file()
    )
    var auditPseudonymKey: String?

    @Flag(
        help: """
            With --audit-log: go on although the database is older than the log, as after a restore from a backup. Risk: what \
            users did since is not in it, so data that is in use again may be deleted.
            """
    )
    var acceptRestored = false
}
