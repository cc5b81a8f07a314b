import ArgumentParser

/// Purges, once or again and again.
struct PurgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Removes obsolete user records from a Firefox Sync Tokenserver.",
        usage: """
            purge-old-records [<options>] [<secret>]
            purge-old-records backlog [<options>]
            purge-old-records audit [--uid <uid>] <file> ...
            """,
        discussion: """
            For each record that was replaced, or whose account was deleted, the record's storage node is asked to \
            delete the user's old data; once it confirms that, the record is deleted. Data of a live user is never \
            touched; where that is in doubt, the record is held and reported.

            The subcommand backlog reports what is purgeable, waiting and held, by node and by age, and changes \
            nothing; audit reports what was deleted, from audit logs. See their --help. The default subcommand is purge.

            Every option with _ can be written with -, and the other way round. Options win over the environment. Times are \
            in seconds, or have a unit: 90, 15m, 36h, 30d, 2w.

            Exit codes: 0 all that could safely be done was done, or stopped on request; 1 could not run; 3 records \
            failed, or nodes could not be reached or answered wrongly; 64 wrong arguments, and nothing was touched.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The master secret. Everyone on this machine can see it in the list of processes: better use --secret-file or"
                + " SYNC_MASTER_SECRET.",
            valueName: "secret"
        )
    )
    var secret: [String] = []

    @OptionGroup(title: "Database")
    var database: DatabaseOptions

    @OptionGroup(title: "Which records")
    var records: RecordOptions

    @OptionGroup(title: "Running")
    var running: RunningOptions

    @OptionGroup(title: "Audit log")
    var auditing: AuditLogOptions

    @OptionGroup(title: "Steering without a restart")
    var steering: SteeringOptions

    @OptionGroup(title: "Brakes")
    var brakes: BrakeOptions

    @OptionGroup(title: "Several instances")
    var sharding: ShardingOptions

    @OptionGroup(title: "Storage nodes")
    var nodes: NodeOptions

    @OptionGroup(title: "Watching it")
    var monitoring: MonitoringOptions

    @OptionGroup(title: "Metrics by statsd")
    var metrics: MetricOptions

    @OptionGroup(title: "Logs")
    var logs: LogOptions
}
