/// The `name="value"` pairs of a header of the scheme Hawk.
///
/// A value is quoted, is not empty, and holds printable ASCII except `"` and `\`. Names consist of letters.
struct HawkAttributes {
    private var values: [String: String] = [:]

    /// Whether `value` can stand between quotes as it is, which makes every header that holds only such values
    /// parse to the same values again.
    static func isQuotable(_ value: String) -> Bool {
        !value.isEmpty && value.utf8.allSatisfy(isQuotable)
    }

    /// The attributes of `header`, among which may be those with the names `known`.
    ///
    /// Where `known` is nil any name will do, and a value may hold `\"` and `\\`, as a server's message might.
    init(parsing header: String, known: Set<String>?) throws(HawkError) {
        guard header.utf8.count <= HawkHeader.maximumLength else { throw .tooLong }
        var rest = Array(header.utf8)[...]
        let scheme = rest.popPrefix { $0 != UInt8(ascii: " ") }
        guard String(decoding: scheme, as: UTF8.self).lowercased() == "hawk" else { throw .otherScheme }
        let space = rest.popPrefix { $0 == UInt8(ascii: " ") }
        guard !rest.isEmpty else {
            guard space.isEmpty else { throw .malformed }
            return
        }
        try append(&rest, known)
        while !rest.isEmpty {
            rest.popBlanks()
            guard rest.popFirst() == UInt8(ascii: ",") else { throw .malformed }
            rest.popBlanks()
            try append(&rest, known)
        }
    }

    /// The value of the attribute with this name, if there is one.
    subscript(name: String) -> String? { values[name] }

    /// The value of the attribute with this name, which must be there.
    func required(_ name: String) throws(HawkError) -> String {
        guard let value = values[name] else { throw .missingAttribute(name) }
        return value
    }

    /// The number of seconds that `text` is in its one spelling.
    static func timestamp(_ text: String) throws(HawkError) -> Int64 {
        guard let seconds = Int64(text), seconds >= 0, String(seconds) == text else { throw .invalidTimestamp }
        return seconds
    }

    private mutating func append(_ rest: inout ArraySlice<UInt8>, _ known: Set<String>?) throws(HawkError) {
        let letters = rest.popPrefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        guard !letters.isEmpty, rest.popFirst() == UInt8(ascii: "="), rest.popFirst() == UInt8(ascii: "\"") else {
            throw .malformed
        }
        let name = String(decoding: letters, as: UTF8.self)
        var value: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
            if Self.isQuotable(byte) {
                value.append(byte)
            } else if byte == UInt8(ascii: "\\"), known == nil, let next = rest.popFirst(), !Self.isQuotable(next) {
                value.append(next)
            } else {
                throw .malformed
            }
            guard !rest.isEmpty else { throw .malformed }
        }
        guard !value.isEmpty else { throw .malformed }
        guard known?.contains(name) ?? true else { throw .unknownAttribute(name) }
        let previous = values.updateValue(String(decoding: value, as: UTF8.self), forKey: name)
        guard previous == nil else { throw .duplicateAttribute(name) }
    }

    private static func isQuotable(_ byte: UInt8) -> Bool {
        (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func popPrefix(while predicate: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let prefix = prefix(while: predicate)
        removeFirst(prefix.count)
        return prefix
    }

    fileprivate mutating func popBlanks() {
        _ = popPrefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
}
