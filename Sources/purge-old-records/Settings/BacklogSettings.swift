import Purging

/// The checked form of the command `backlog` with the environment.
struct BacklogSettings {
    let records: RecordSettings
    private(set) var options = RunOptions()
    let auditLogs: [String]
    let lists: Bool
    let isJSON: Bool

    init(_ command: BacklogCommand, environment: [String: String]) throws(UsageError) {
        if !command.arguments.isEmpty {
            throw UsageError(
                problem: "backlog takes no argument, as it needs no secret",
                remedy: "leave it out; see purge-old-records backlog --help for the options"
            )
        }
        auditLogs = command.auditLog
        lists = command.list
        isJSON = command.json
        records = try RecordSettings(command.records, command.database, command.logs, environment: environment)
        records.apply(to: &options)
    }
}
