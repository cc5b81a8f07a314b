import Logging
import Support

/// Log lines as one JSON object each, in the form that Google Cloud Logging reads from standard error.
///
/// `severity`, `message` and `timestamp` come first, then the metadata as fields of their own, sorted by key. A
/// metadata key of one of those three names gets a trailing underscore.
enum JSONLogLine {
    private static let reserved: Set = ["severity", "message", "timestamp"]

    static func line(
        _ level: Logger.Level,
        _ message: String,
        _ fields: [(key: String, value: Logger.MetadataValue)],
        at time: WallTime
    ) -> String {
        var json = JSONText()
        json.append(
            members: [
                ("severity", .string(severity(of: level))),
                ("message", .string(message)),
                ("timestamp", .string(time.rfc3339)),
            ] + renamingReserved(fields)
        )
        return json.text
    }

    private static func severity(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info: "INFO"
        case .notice: "NOTICE"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }

    /// More than one underscore where the metadata holds the renamed key too: an object's keys are distinct.
    private static func renamingReserved(
        _ fields: [(key: String, value: Logger.MetadataValue)]
    ) -> [(key: String, value: Logger.MetadataValue)] {
        guard fields.contains(where: { reserved.contains($0.key) }) else { return fields }
        var taken = Set(fields.map(\.key)).union(reserved)
        let renamed = fields.map { field in
            guard reserved.contains(field.key) else { return field }
            var key = field.key + "_"
            while !taken.insert(key).inserted {
                key += "_"
            }
            return (key: key, value: field.value)
        }
        return renamed.sorted { $0.key < $1.key }
    }
}
