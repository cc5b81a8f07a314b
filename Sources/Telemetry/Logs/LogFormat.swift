package import Logging
import Support

/// How log lines look: one JSON object each, or text for people.
package enum LogFormat: Sendable {
    case human, json

    package func handler(for output: LogOutput, level: Logger.Level) -> any LogHandler {
        switch self {
        case .human: HumanLogHandler(output: output, level: level)
        case .json: JSONLogHandler(output: output, level: level)
        }
    }

    /// A line of the log's own, in the handler's form. The fields are sorted, and none is named as what stands in front.
    func line(
        _ level: Logger.Level,
        _ message: String,
        _ fields: [(key: String, value: Logger.MetadataValue)],
        at time: WallTime
    ) -> String {
        switch self {
        case .human: HumanLogHandler.line(level, message, fields, at: time)
        case .json: JSONLogHandler.line(level, message, fields, at: time)
        }
    }
}
