import Logging
import Telemetry
import TokenserverStore

/// The program's log on standard error, in the form that the settings ask for.
struct Logs {
    let output: LogOutput
    let logger: Logger

    init(_ settings: RecordSettings) {
        let output = LogOutput()
        let level: Logger.Level =
            switch settings.verbosity {
            case 0: .notice
            case 1: .info
            default: .debug
            }
        self.output = output
        logger = Logger(label: "purge-old-records") { _ in
            let handler: any LogHandler =
                settings.humanLogs
                ? HumanLogHandler(output: output, level: level)
                : JSONLogHandler(output: output, level: level)
            return handler
        }
    }

    /// How the store meets a database in trouble, with a word to the operator.
    func resilience(_ settings: RecordSettings) -> Resilience {
        Resilience(patience: settings.databaseTimeout) { [logger] in logger.warning("\($0)") }
    }
}
