import ArgumentParser

/// Where Tokenserver's database is. Numbers are texts here, as in ``RecordOptions``.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Tokenserver's database: mysql://…, postgres://… or sqlite:///absolute.db."
                + " (default: SYNC_TOKENSERVER__DATABASE_URL)",
            valueName: "URL"
        )
    )
    var databaseURL: String?

    @Option(
        name: .customLong("database-url-file"),
        help: ArgumentHelp(
            "Read the database's URL from this file, so that its password is in no process list.",
            valueName: "file"
        ),
        completion: .file()
    )
    var databaseURLFile: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long to go on trying when the database is unreachable or read-only.",
            valueName: "time"
        )
    )
    var databaseTimeout = "60"
}
