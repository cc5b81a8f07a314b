package import Logging
import Support

/// How log lines look: one JSON object each, or text for people.
package enum LogFormat: Sendable {
    case human, json

    package func handler(for output: LogOutput, level: Logger.Level) -> any LogHandler {
        LineLogHandler(self, output: output, level: level)
    }

    /// A line of the log. The fields are sorted.
    func line(
        _ level: Logger.Level,
        _ message: String,
        _ fields: [(key: String, value: Logger.MetadataValue)],
        at time: WallTime
    ) -> String {
        switch self {
        case .human: HumanLogLine.line(level, message, fields, at: time)
        case .json: JSONLogLine.line(level, message, fields, at: time)
        }
    }
}
