import ArgumentParser

/// Where metrics go. Numbers are texts here, as in ``RecordOptions``.
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
