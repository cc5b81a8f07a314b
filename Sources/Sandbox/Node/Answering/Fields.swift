import HTTPTypes

extension HTTPField.Name {
    static let weaveTimestamp = known("X-Weave-Timestamp")
    static let weaveBackoff = known("X-Weave-Backoff")
    static let backoff = known("X-Backoff")
    static let lastModifiedInStorage = known("X-Last-Modified")
    static let ifUnmodifiedSinceInStorage = known("X-If-Unmodified-Since")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header's name") }
        return name
    }
}

/// Takes the fields of a fault apart, whatever they were written in.
struct FieldReader {
    private var values: [String: String] = [:]

    init(_ fields: [(name: String, value: String)], known: [String]) throws(FaultError) {
        for (name, value) in fields {
            guard let canonical = known.first(where: { Self.folded($0) == Self.folded(name) }) else {
                throw .unknownField(name, known: known)
            }
            guard values.updateValue(value, forKey: canonical) == nil else { throw .givenTwice(canonical) }
        }
    }

    mutating func text(_ name: String) -> String? {
        values.removeValue(forKey: name)
    }

    mutating func flag(_ name: String) throws(FaultError) -> Bool {
        switch text(name) {
        case nil, "false": false
        case "true": true
        case .some(let value): throw .badValue(name, value, expected: "true or false")
        }
    }

    mutating func number(_ name: String, in range: ClosedRange<Int>) throws(FaultError) -> Int? {
        guard let value = text(name) else { return nil }
        guard let number = Int(value), range.contains(number) else {
            let limits = range.upperBound == .max ? "of at least \(range.lowerBound)" : "in \(range)"
            throw .badValue(name, value, expected: "a whole number \(limits)")
        }
        return number
    }

    mutating func decimal(_ name: String, in range: ClosedRange<Double>) throws(FaultError) -> Double? {
        guard let value = text(name) else { return nil }
        guard let number = Double(value), range.contains(number) else {
            throw .badValue(name, value, expected: "a number in \(range)")
        }
        return number
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Choice.Type
    ) throws(FaultError) -> Choice? where Choice.RawValue == String {
        guard let value = text(name) else { return nil }
        guard let choice = Choice(rawValue: value) else {
            let expected = Choice.allCases.map(\.rawValue).joined(separator: " or ")
            throw .badValue(name, value, expected: expected)
        }
        return choice
    }

    mutating func uids(_ name: String) throws(FaultError) -> UIDSelection? {
        guard let value = text(name) else { return nil }
        guard let uids = UIDSelection(value) else {
            throw .badValue(name, value, expected: "uids and ranges of them, as in 7,12,100-199")
        }
        return uids
    }

    private static func folded(_ name: String) -> String {
        name.lowercased().filter { $0 != "-" && $0 != "_" }
    }
}
