/// A statement's text with its bound values, written as an interpolated string: a value in it becomes a placeholder,
/// never part of the text.
///
/// Lists are padded to a power of two by repeating their last value, which changes no result and keeps the number of
/// different statements, and so of prepared ones, small.
package struct SQLStatement: ExpressibleByStringInterpolation, Sendable {
    package enum Part: Sendable {
        case text(String)
        case value(SQLValue)
    }

    package private(set) var parts: [Part]

    package init(stringLiteral value: String) { parts = [.text(value)] }

    package init(stringInterpolation: Interpolation) { parts = stringInterpolation.parts }

    package static func += (left: inout SQLStatement, right: SQLStatement) { left.parts += right.parts }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var parts: [Part] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            parts.reserveCapacity(2 * interpolationCount + 1)
        }

        package mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { parts.append(.text(literal)) }
        }

        package mutating func appendInterpolation(_ value: Int64) { parts.append(.value(.integer(value))) }

        package mutating func appendInterpolation(_ value: Int) { parts.append(.value(.integer(Int64(value)))) }

        package mutating func appendInterpolation(_ value: String) { parts.append(.value(.text(value))) }

        package mutating func appendInterpolation(_ value: SQLValue) { parts.append(.value(value)) }

        /// Another statement as a part of this one.
        package mutating func appendInterpolation(_ statement: SQLStatement) { parts += statement.parts }

        /// Text that this program wrote itself; never anything from outside.
        package mutating func appendInterpolation(sql text: String) { parts.append(.text(text)) }

        /// `(?, ?, …)`; a list must not be empty.
        package mutating func appendInterpolation(list values: [Int64]) {
            append(values.map(SQLValue.integer), in: ("(", ")"))
        }

        package mutating func appendInterpolation(list values: [String]) {
            append(values.map(SQLValue.text), in: ("(", ")"))
        }

        /// `?, ?, …`, as arguments of a function that doesn't mind the last one repeated.
        package mutating func appendInterpolation(arguments values: [String]) {
            append(values.map(SQLValue.text), in: ("", ""))
        }

        /// `(1, CAST(? AS TEXT)), (2, CAST(? AS TEXT)), …`: numbered rows; NULL ones fill them up.
        package mutating func appendInterpolation(rows values: [String]) {
            for index in 0..<Self.padded(values.count) {
                parts.append(.text("\(index > 0 ? ", " : "")(\(index + 1), CAST("))
                parts.append(.value(index < values.count ? .text(values[index]) : .null))
                parts.append(.text(" AS TEXT))"))
            }
        }

        private mutating func append(_ values: [SQLValue], in parentheses: (String, String)) {
            parts.append(.text(parentheses.0))
            for index in 0..<Self.padded(values.count) {
                if index > 0 { parts.append(.text(", ")) }
                parts.append(.value(values.isEmpty ? .null : values[min(index, values.count - 1)]))
            }
            parts.append(.text(parentheses.1))
        }

        /// The next power of two.
        static func padded(_ count: Int) -> Int {
            var padded = 1
            while padded < count { padded *= 2 }
            return padded
        }
    }

    /// The values to bind, in order.
    package var bindings: [SQLValue] {
        parts.compactMap { if case .value(let value) = $0 { value } else { nil } }
    }

    /// The text, with placeholders as the dialect writes them.
    package func text(for dialect: Dialect) -> String {
        var text = ""
        var placeholders = 0
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .value:
                placeholders += 1
                text += dialect.placeholder(placeholders)
            }
        }
        return text
    }
}
