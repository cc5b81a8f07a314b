import Foundation
import Logging
import Purging
import Steering
import Telemetry
import TokenserverStore

/// The program's log on standard error: text for people, JSON for programs.
struct Logs {
    /// Whether somebody reads along.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    let isText: Bool
    let output: LogOutput
    let logger: Logger

    /// - Parameter isText: whether people read it: by `--human_logs`, on a terminal, and beside what a subcommand prints.
    init(_ settings: RecordSettings, isText: Bool) {
        let format: LogFormat = isText ? .human : .json
        let output = LogOutput(format: format)
        let level: Logger.Level =
            switch settings.verbosity {
            case 0: .notice
            case 1: .info
            default: .debug
            }
        self.isText = isText
        self.output = output
        logger = Logger(label: "purge-old-records") { _ in format.handler(for: output, level: level) }
    }

    /// How the store meets a database in trouble, with a word to the operator.
    func resilience(_ settings: RecordSettings) -> Resilience {
        Resilience(patience: settings.databaseTimeout) { [logger] in logger.warning("\($0)") }
    }

    /// Tells why the program could not do its work: like wrong arguments where people read, else as a line of the log.
    ///
    /// - Returns: the exit code.
    func fail(_ error: any Error, _ settings: RecordSettings) -> Int32 {
        var text = "\(error)"
        if error is StoreError { text += " (the database's URL is from \(settings.databaseOrigin))" }
        if isText {
            output.flush()
            Logs.complain("purge-old-records: \(text)")
        } else {
            logger.error("\(text)")
        }
        // Nothing was touched, and no other try would do better.
        return error is BrakeError ? 64 : 1
    }

    /// Prints lines that are no part of a log, for those who used the program in a way that it can't work; waits for the
    /// reader, but not for ever.
    static func complain(_ lines: String...) {
        let output = LogOutput()
        for line in lines { output.write(line: line) }
        output.flush()
    }
}
