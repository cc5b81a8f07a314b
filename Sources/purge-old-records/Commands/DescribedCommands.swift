import ArgumentParser

/// The program as its manual describes it: the options of the default subcommand are its own.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: RootCommand.name,
        abstract: PurgeCommand.configuration.abstract,
        discussion: PurgeCommand.configuration.discussion,
        version: ProgramVersion.text,
        subcommands: [BacklogCommand.self, AuditCommand.self]
    )

    @OptionGroup
    var purge: PurgeCommand
}

/// The program as shells complete it: likewise, but without the secret, for which a subcommand's name could be taken; and
/// `purge` may be written all the same.
struct CompletedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: RootCommand.name,
        version: ProgramVersion.text,
        subcommands: [PurgeCommand.self, BacklogCommand.self, AuditCommand.self]
    )

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var records: RecordOptions
    @OptionGroup var running: RunningOptions
    @OptionGroup var auditing: AuditLogOptions
    @OptionGroup var steering: SteeringOptions
    @OptionGroup var brakes: BrakeOptions
    @OptionGroup var sharding: ShardingOptions
    @OptionGroup var nodes: NodeOptions
    @OptionGroup var monitoring: MonitoringOptions
    @OptionGroup var metrics: MetricOptions
    @OptionGroup var logs: LogOptions
}
