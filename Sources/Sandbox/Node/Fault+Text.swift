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
