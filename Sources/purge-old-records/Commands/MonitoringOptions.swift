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
        parsing: .unconditional,
        help: ArgumentHelp(
            "Promise that everything obsolete is gone within this time, such as 30d or 36h; log, metrics and page say by"
                + " how much that is kept or broken.",
            valueName: "time"
        )
    )
    var promise: String?
}
