package import Logging

/// JSON on a single line, put together from front to back.
///
/// Control characters and the Unicode line separators are always escaped: no value can end the line, or steer a
/// terminal that shows it.
package struct JSONText {
    package private(set) var text = ""

    package init() {}

    /// Appends an object whose members are in the given order. The keys are taken to be distinct.
    package mutating func append(members: [(key: String, value: Logger.MetadataValue)]) {
        text += "{"
        for (index, member) in members.enumerated() {
            if index > 0 {
                text += ","
            }
            append(string: member.key)
            text += ":"
            append(value: member.value)
        }
        text += "}"
    }

    /// Appends numbers and Booleans as such, containers as objects with sorted keys and arrays, the rest as strings.
    package mutating func append(value: Logger.MetadataValue) {
        switch value {
        case .string(let string):
            append(string: string)
        case .stringConvertible(let convertible):
            append(convertible: convertible)
        case .dictionary(let members):
            append(members: members.sorted { $0.key < $1.key })
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 {
                    text += ","
                }
                append(value: element)
            }
            text += "]"
        }
    }

    package mutating func append(string: String) {
        text += "\""
        Self.escape(string, into: &text)
        text += "\""
    }

    /// What stands between the quotes of a JSON string.
    package static func escape(_ string: String, into text: inout String) {
        // Nearly all of what is written is plain ASCII, and needs no look at its characters.
        let isPlain = string.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C }
        if isPlain {
            text += string
            return
        }
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where isUnsafe(scalar): text += hexadecimalEscape(scalar)
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Whether a character could end a line or steer a terminal: C0, DEL, C1, the line and paragraph separators, and
    /// the marks that turn the direction of text around.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// JSON has no NaN and no infinity; they become strings.
    private mutating func append(convertible: any CustomStringConvertible & Sendable) {
        switch convertible {
        case let truth as Bool: text += truth ? "true" : "false"
        case let number as Int: text += String(number)
        case let number as Int64: text += String(number)
        case let number as Double where number.isFinite: text += number.description
        default: append(string: convertible.description)
        }
    }

    /// All unsafe characters are in the basic plane, so four digits are enough.
    private static func hexadecimalEscape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
