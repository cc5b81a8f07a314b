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
