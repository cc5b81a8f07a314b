import ArgumentParser

/// How others watch the program.
struct MonitoringOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Serve /metrics, /livez, /readyz, /status and a status page there; on loopback if only a port is given."
                + " Anyone who can connect can read them.",
            valueName: "[host:]port"
        )
    )
    var listen: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "With --listen on loopback: answer also when asked by this name, as behind a proxy on this machine (repeatable). Else only"
                + " addresses and localhost will do, so that no web page can read it.",
            valueName: "name"
        )
    )
    var listenName: [String] = []

    @Option(
        name: .customLong("age-slo"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "The age objective: no obsolete record is to be older than this, such as 30d or 36h. Log, metrics and page say"
                + " by how much it is met or missed.",
            valueName: "time"
        )
    )
    var ageSLO: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write the metrics to this file at each run's end, for node_exporter's textfile collector, which reads names with .prom.",
            valueName: "file"
        ),
        completion: .file()
    )
    var metricsFile: String?

    /// What `--age-slo` was called.
    @Option(parsing: .unconditional, help: ArgumentHelp(visibility: .hidden))
    var promise: String?
}
