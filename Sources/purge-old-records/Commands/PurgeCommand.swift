import ArgumentParser

/// Purges, once or again and again.
struct PurgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Removes obsolete user records from a Firefox Sync Tokenserver.",
        usage: """
            purge-old-records [<options>] [<secret>]
            purge-old-records backlog [<options>]
            """,
        discussion: """
            For each record that was replaced, or whose account was deleted, the record's storage node is asked to \
            delete the user's old data; once it confirms that, the record is deleted. Data of a live user is never \
            touched; where that is in doubt, the record is held and reported.

            The subcommand backlog reports what is purgeable, waiting and held, by node and by age, and changes \
            nothing; see purge-old-records backlog --help. The default subcommand is purge.

            Every option with _ can be written with -, and the other way round. Options win over the environment.

            Exit codes: 0 all that could safely be done was done, or stopped on request; 1 could not run; 3 records \
            failed, or nodes could not be reached or answered wrongly; 64 wrong arguments, and nothing was touched.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The master secret. Everyone on this machine can see it there: better use --secret-file or"
                + " SYNC_MASTER_SECRET.",
            valueName: "secret"
        )
    )
    var secret: [String] = []

    @OptionGroup(title: "Which records")
    var records: RecordOptions

    @OptionGroup(title: "Running")
    var running: RunningOptions

    @OptionGroup(title: "Storage nodes")
    var nodes: NodeOptions

    @OptionGroup(title: "Metrics")
    var metrics: MetricOptions
}

struct RunningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the secret from this file, - for standard input; one trailing newline is dropped."
                + " (default: SYNC_MASTER_SECRET)",
            valueName: "file"
        )
    )
    var secretFile: String?

    @Option(
        name: .customLong("purge-interval"),
        parsing: .unconditional,
        help: ArgumentHelp("Pause between runs, give or take 30 %.", valueName: "seconds")
    )
    var purgeInterval = "3600"

    @Flag(help: "One run, then exit.")
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
        help: ArgumentHelp(
            "What becomes of failed records: defer moves them behind the others for one grace period, leave keeps them"
                + " as they are.",
            valueName: "defer|leave"
        )
    )
    var onFailure = "defer"

    @Flag(help: "Exit code 3 also for held and waiting records, and for limits.")
    var strict = false
}

struct NodeOptions: ParsableArguments {
    @Option(
        name: .customLong("request-timeout"),
        parsing: .unconditional,
        help: ArgumentHelp("For one request to a node.", valueName: "seconds")
    )
    var requestTimeout = "60"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Requests in flight to one node, at most.", valueName: "n")
    )
    var concurrency = "32"

    @Option(
        name: .customLong("max-attempts"),
        parsing: .unconditional,
        help: ArgumentHelp("Tries for each record and run.", valueName: "n")
    )
    var maxAttempts = "4"

    @Option(
        name: .customLong("token-duration"),
        parsing: .unconditional,
        help: ArgumentHelp("Life of Tokenserver's tokens, for the write check.", valueName: "seconds")
    )
    var tokenDuration = "3600"

    @Flag(
        name: .customLong("no-write-check"),
        help: """
            Don't ask nodes to refuse if the data was written after the record was replaced. Risk: such data is deleted.
            """
    )
    var noWriteCheck = false

    @Flag(
        name: .customLong("accept-404"),
        help: "Count 404 as deleted. Risk: a proxy that misroutes answers 404 too, and the data stays."
    )
    var accept404 = false

    @Flag(
        name: .customLong("accept-bare-2xx"),
        help: """
            Count a success without X-Weave-Timestamp as deleted. Risk: something else than a storage node may have \
            answered, and the data stays.
            """
    )
    var acceptBare2xx = false

    @Option(
        help: ArgumentHelp(
            "PEM file of the certificate authorities for the nodes. (default: REQUESTS_CA_BUNDLE, SSL_CERT_FILE)",
            valueName: "file"
        )
    )
    var caFile: String?
}

struct MetricOptions: ParsableArguments {
    @Option(
        name: .customLong("metric_host"),
        help: ArgumentHelp("Where statsd listens. (default: SYNC_STATSD_HOST)", valueName: "host")
    )
    var metricHost: String?

    @Option(
        name: .customLong("metric_port"),
        parsing: .unconditional,
        help: ArgumentHelp("Statsd's port. (default: SYNC_STATSD_PORT, else 8125)", valueName: "port")
    )
    var metricPort: String?
}
