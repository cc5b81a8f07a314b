import ArgumentParser

/// How often and how much to purge, and with which secret. Numbers are texts here, as in ``RecordOptions``.
struct RunningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the secret from this file, - for standard input; one trailing newline is dropped."
                + " (default: SYNC_MASTER_SECRET)",
            valueName: "file"
        ),
        completion: .file()
    )
    var secretFile: String?

    @Option(
        name: .customLong("purge-interval"),
        parsing: .unconditional,
        help: ArgumentHelp("Pause between runs, give or take 30 %.", valueName: "time")
    )
    var purgeInterval = "3600"

    @Flag(
        help:
            "One run, then exit. Without it the program is a service: a run every --purge-interval, until it is stopped."
    )
    var oneshot = false

    @Flag(help: "Decide about the whole backlog, but change nothing and send nothing.")
    var dryrun = false

    @Option(
        name: .customLong("max-per-loop"),
        parsing: .unconditional,
        help: ArgumentHelp("Records read for each page.", valueName: "n")
    )
    var maxPerLoop = "10"

    @Option(
        name: .customLong("max-offset"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "Start each run at a random place up to this far into the backlog, then wrap around.",
            valueName: "n"
        )
    )
    var maxOffset = "0"

    @Option(
        name: .customLong("max-records"),
        parsing: .unconditional,
        help: ArgumentHelp("End a run after so many deletions of service data; 0 for no limit.", valueName: "n")
    )
    var maxRecords = "0"

    @Option(
        name: .customLong("max-rate"),
        parsing: .unconditional,
        help: ArgumentHelp("Deletions of service data per second, over all nodes; 0 for no limit.", valueName: "n")
    )
    var maxRate = "0"

    @Option(
        name: .customLong("max-runtime"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "A run takes nothing new after this time, and ends within 25 s more; 0 for no limit.",
            valueName: "time"
        )
    )
    var maxRuntime = "0"

    @Option(
        help: ArgumentHelp(
            "What becomes of failed records: defer tries them again after one grace period, leave keeps them as they"
                + " are. (default: defer; with --plan leave)",
            valueName: "defer|leave"
        ),
        completion: .list(["defer", "leave"])
    )
    var onFailure: String?

    @Option(
        help: ArgumentHelp(
            "oldest-first goes by when records were replaced; deleted-first purges deleted accounts before the rest, at"
                + " the cost of reading the backlog twice.",
            valueName: "order"
        ),
        completion: .list(["oldest-first", "deleted-first"])
    )
    var order = "oldest-first"

    @Option(
        help: ArgumentHelp(
            "With --dryrun: write the plan to this file. Without: purge only what this plan names, each record decided"
                + " on anew.",
            valueName: "file"
        ),
        completion: .file()
    )
    var plan: String?

    @Flag(help: "Print the result of a --oneshot as a line of JSON instead of text.")
    var json = false

    @Flag(help: "Exit code 3 also for held and waiting records, and for limits.")
    var strict = false
}
