extension Fault {
    /// Reads a fault as it is given on a command line: `status=503,retry-after=10,probability=0.1`, `close,when=after`.
    ///
    /// A comma begins a new field only before a field: lists of uids and dates may hold commas.
    package init(parsing text: String) throws(FaultError) {
        var fields: [(name: String, value: String)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let equals = part.firstIndex(of: "=") {
                let name = part[..<equals].drop(while: { $0 == " " })
                fields.append((String(name), String(part[part.index(after: equals)...])))
            } else if Self.flags.contains(String(part.drop(while: { $0 == " " }))) {
                fields.append((String(part.drop(while: { $0 == " " })), "true"))
            } else if fields.isEmpty {
                throw .unreadable(text)
            } else {
                fields[fields.count - 1].value += ",\(part)"
            }
        }
        try self.init(fields: fields)
    }
}

extension Fault: CustomStringConvertible {
    /// The fault as `init(parsing:)` reads it.
    package var description: String {
        fields.map { Self.flags.contains($0.name) ? $0.name : "\($0.name)=\($0.value)" }.joined(separator: ",")
    }
}

extension Fault: Codable {
    /// A field's name, whatever it is: `init(fields:)` knows which there are.
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    /// Reads an object with the fields of `init(fields:)`, their values text, numbers, booleans, or for `uids` an array.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var fields: [(name: String, value: String)] = []
        for key in container.allKeys where try !container.decodeNil(forKey: key) {
            if let flag = try? container.decode(Bool.self, forKey: key) {
                fields.append((key.stringValue, String(flag)))
            } else if let number = try? container.decode(Int.self, forKey: key) {
                fields.append((key.stringValue, String(number)))
            } else if let number = try? container.decode(Double.self, forKey: key) {
                fields.append((key.stringValue, String(number)))
            } else if let numbers = try? container.decode([Int].self, forKey: key) {
                fields.append((key.stringValue, numbers.map(String.init).joined(separator: ",")))
            } else {
                fields.append((key.stringValue, try container.decode(String.self, forKey: key)))
            }
        }
        do {
            try self.init(fields: fields)
        } catch {
            let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: error.description)
            throw DecodingError.dataCorrupted(context)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (name, value) in fields {
            let key = Name(stringValue: name)
            if Self.flags.contains(name) {
                try container.encode(true, forKey: key)
            } else if let number = Int(value) {
                try container.encode(number, forKey: key)
            } else if let number = Double(value) {
                try container.encode(number, forKey: key)
            } else {
                try container.encode(value, forKey: key)
            }
        }
    }
}

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
