import Purging

/// The checked form of the command `backlog` with the environment.
struct BacklogSettings {
    let records: RecordSettings
    private(set) var options = RunOptions()

    init(_ command: BacklogCommand, environment: [String: String]) throws(UsageError) {
        records = try RecordSettings(command.records, environment: environment)
        records.apply(to: &options)
    }
}
