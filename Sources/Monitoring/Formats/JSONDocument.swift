import Foundation
import Purging
import Support

/// How documents for programs are written: one line, names in snake_case, sorted.
package enum JSONDocument {
    package static func text(of document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        // Every value of the documents can be encoded.
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension Dictionary where Key: RawRepresentable<String>, Value == Int {
    /// Those that happened.
    var byName: [String: Int] {
        Dictionary<String, Int>(
            filter { $0.value > 0 }.map { ($0.key.rawValue, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension Timestamp {
    var rfc3339: String { WallTime(sinceEpoch: .milliseconds(rawValue)).rfc3339Seconds }
}
