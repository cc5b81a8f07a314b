import CLibPQ
import TokenserverStore

/// Sorts what the server and libpq say went wrong with a statement.
enum PostgresErrors {
    /// What is known of the connection on which a statement failed.
    struct Circumstances {
        var name: String
        var isReadOnly: Bool
        var wasInterrupted: Bool
    }

    static func classified(_ state: String, _ message: String, _ circumstances: Circumstances) -> SQLError {
        let text = "\(words(state, message)) (SQLSTATE \(state))"
        let unable = SQLError.unreachable("the \(circumstances.name) can't serve now: \(text)")
        switch state {
        // Serialization failure, deadlock, lock timeout.
        case "40001", "40P01", "55P03": return .busy(text)
        // Ended by us, by the statement timeout, or by an administrator.
        case "57014": return circumstances.wasInterrupted ? .interrupted : .busy(text)
        // Whether a COMMIT took place is not known: as if it had not been answered.
        case "40003": return unable
        // A standby, unless it was this connection that must not write.
        case "25006": return circumstances.isReadOnly ? .failed(text) : unable
        // Stopping, crashed, starting, its database gone, idle for too long; a transaction idle or running for too
        // long; too many clients.
        case "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04", "53300": return unable
        case "42501": return .denied(text)
        case _ where state.hasPrefix("08"): return unable
        default: return .failed(text)
        }
    }

    /// The server's own text, unless such a one may repeat a value.
    private static func words(_ state: String, _ message: String) -> String {
        if state.hasPrefix("22") { return "the server refused a value" }
        if state.hasPrefix("P0") { return "a function or trigger in the database failed" }
        return oneLine(message)
    }

    static func oneLine(_ text: UnsafePointer<CChar>?) -> String { oneLine(text.map { String(cString: $0) } ?? "") }

    /// Without the lines that came before: libpq says the same again for each address it tries.
    static func oneLine(_ text: String) -> String {
        var lines: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if !words.isEmpty, !lines.contains(words) { lines.append(words) }
        }
        return lines.joined(separator: "; ")
    }
}
