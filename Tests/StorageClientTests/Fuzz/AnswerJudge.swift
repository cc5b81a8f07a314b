/// Says what bytes are, by its own small reading of HTTP: whether they begin with a complete head of 200 or 204, after
/// interim ones, with a node's timestamp. As lenient with lines as HTTP allows its readers to be, and with nothing else.
enum AnswerJudge {
    struct Confirmation: Equatable {
        let lastModified: String?
    }

    /// Nil if the bytes confirm nothing.
    static func confirmation(in bytes: [UInt8]) -> Confirmation? {
        var rest = bytes[...]
        while true {
            guard let (status, fields, after) = head(in: rest) else { return nil }
            if (100..<200).contains(status), status != 101 {
                rest = after
                continue
            }
            guard status == 200 || status == 204, let timestamp = value(of: "x-weave-timestamp", in: fields),
                isPositive(timestamp)
            else { return nil }
            return Confirmation(lastModified: value(of: "x-last-modified", in: fields))
        }
    }

    private typealias Fields = [(name: String, value: String)]

    private static func head(in bytes: ArraySlice<UInt8>) -> (status: Int, fields: Fields, rest: ArraySlice<UInt8>)? {
        // Empty lines before a status line are skipped.
        var rest = bytes.drop { $0 == 0x0A || $0 == 0x0D }
        guard let first = line(&rest), let status = status(in: first) else { return nil }
        var fields: Fields = []
        while let next = line(&rest) {
            if next.isEmpty { return (status, fields, rest) }
            let parts = next.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                fields.append((String(parts[0]).lowercased(), trimmed(parts[1])))
            }
        }
        return nil
    }

    /// Ends with LF, before which a CR may stand; nil if the end is not there.
    private static func line(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard let end = bytes.firstIndex(of: 0x0A) else { return nil }
        var line = bytes[..<end]
        if line.last == 0x0D { line.removeLast() }
        bytes = bytes[(end + 1)...]
        return String(decoding: line, as: UTF8.self)
    }

    private static func status(in line: String) -> Int? {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[0].utf8.count == 8 else { return nil }
        guard words[1].utf8.count == 3 else { return nil }
        return Int(words[1])
    }

    private static func value(of name: String, in fields: Fields) -> String? { fields.first { $0.name == name }?.value }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(String(text.drop(while: isSpace).reversed().drop(while: isSpace)).reversed())
    }

    private static func isPositive(_ text: String) -> Bool {
        let digits = Set("0123456789")
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(digits.contains) }) else {
            return false
        }
        return text.contains { $0 != "0" && $0 != "." }
    }
}
