import Logging
import Telemetry
import TokenserverStore

/// The program's log on standard error, in the form that the settings ask for.
struct Logs {
    let output: LogOutput
    let logger: Logger

    init(_ settings: RecordSettings) {
        let format: LogFormat = settings.humanLogs ? .human : .json
        let output = LogOutput(format: format)
        let level: Logger.Level =
            switch settings.verbosity {
            case 0: .notice
            case 1: .info
            default: .debug
            }
        self.output = output
        logger = Logger(label: "purge-old-records") { _ in format.handler(for: output, level: level) }
    }

    /// How the store meets a database in trouble, with a word to the operator.
    func resilience(_ settings: RecordSettings) -> Resilience {
        Resilience(patience: settings.databaseTimeout) { [logger] in logger.warning("\($0)") }
    }

    /// Prints lines that are no part of a log, for those who used the program in a way that it can't work; waits for the
    /// reader, but not for ever.
    static func complain(_ lines: String...) {
        let output = LogOutput()
        for line in lines { output.write(line: line) }
        output.flush()
    }
}
