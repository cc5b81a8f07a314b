import ArgumentParser

/// What else is to be spared, besides the storage nodes. Each is asked once a second; while one of them says so, nothing new is
/// read or sent.
struct BrakeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait while the database has more to do: Threads_running=50, or any status variable of MySQL and MariaDB;"
                + " active=50 on PostgreSQL. Can be repeated.",
            valueName: "name=n"
        )
    )
    var maxLoad: [String] = []

    @Option(
        help: ArgumentHelp(
            "End the run, with exit code 1, while the database has that much to do.",
            valueName: "name=n"
        )
    )
    var criticalLoad: [String] = []

    @Option(
        help: ArgumentHelp(
            "Wait while this replica of the database lags. Can be repeated. (default: SYNC_TOKENSERVER__REPLICA_URLS, with"
                + " spaces between)",
            valueName: "url"
        )
    )
    var replica: [String] = []

    @Option(
        help: ArgumentHelp("The longest lag of a replica. (default: 5)", valueName: "time")
    )
    var maxLag: String?

    @Option(
        help: ArgumentHelp("Wait while this SELECT, asked of the database, gives a number above 0.", valueName: "sql")
    )
    var throttleQuery: String?

    @Option(
        help: ArgumentHelp("Wait while this URL answers with anything but status 200.", valueName: "url")
    )
    var throttleHttp: String?
}
