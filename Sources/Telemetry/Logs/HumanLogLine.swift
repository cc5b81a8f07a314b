import Logging
import Support

/// Log lines for people: `2026-01-02 03:04:05Z INFO    message key=value other="value with space"`.
///
/// Fields are sorted by key. Control characters are shown as escapes, in the message too, so that text from a server
/// can neither fake a line nor steer the terminal.
enum HumanLogLine {
    private static let levelWidth = 7

    static func line(
        _ level: Logger.Level,
        _ message: String,
        _ fields: [(key: String, value: Logger.MetadataValue)],
        at time: WallTime
    ) -> String {
        let level = level.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(0, levelWidth - level.count))
        var line = "\(time.readable) \(level)\(padding) \(harmless(message))"
        for (key, value) in fields {
            line += " \(harmless(key))=\(text(of: value))"
        }
        return line
    }

    private static func text(of value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let string):
            return quotedIfNeeded(string)
        case .stringConvertible(let convertible):
            return quotedIfNeeded(convertible.description)
        case .dictionary, .array:
            var json = JSONText()
            json.append(value: value)
            return json.text
        }
    }

    private static func quotedIfNeeded(_ string: String) -> String {
        let isPlain = string.unicodeScalars.allSatisfy { scalar in
            !scalar.properties.isWhitespace && !JSONText.isUnsafe(scalar) && scalar != "\"" && scalar != "="
        }
        guard string.isEmpty || !isPlain else { return string }
        var json = JSONText()
        json.append(string: string)
        return json.text
    }

    /// Only what could do harm is escaped: quotes and backslashes of a message are left alone.
    private static func harmless(_ string: String) -> String {
        guard string.unicodeScalars.contains(where: JSONText.isUnsafe) else { return string }
        var text = ""
        for scalar in string.unicodeScalars {
            if JSONText.isUnsafe(scalar) {
                JSONText.escape(String(scalar), into: &text)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
