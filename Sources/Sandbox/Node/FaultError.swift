/// Why a text or a JSON object is no fault.
package enum FaultError: Error, Hashable {
    case unreadable(String)
    case unknownField(String, known: [String])
    case givenTwice(String)
    case badValue(String, String, expected: String)
    case contradiction(String, String)
    case doesNothing
}

extension FaultError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let text):
            "\"\(text)\" is not a fault. Write fields with commas between them, as in status=503,retry-after=10."
        case .unknownField(let name, let known):
            "A fault has no field \"\(name)\". It has: \(known.joined(separator: ", "))."
        case .givenTwice(let name):
            "The field \(name) is given twice. Give it once."
        case .badValue(let name, let value, let expected):
            "The value of \(name) is \"\(value)\". It should be \(expected)."
        case .contradiction(let first, let second):
            "A fault can't have both \(first) and \(second). Make two faults of it."
        case .doesNothing:
            "This fault changes nothing. Say what happens: status, location, close, hang, garbage, latency or a header."
        }
    }
}
