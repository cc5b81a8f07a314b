/// A metric's name and tags, already in the protocol's spelling.
///
/// Make it once and keep it: everything costly about naming a metric happens here. Equal when name and tags are, in
/// whatever order the tags were given.
package struct StatsdSeries: Sendable, Hashable {
    /// With the prefix.
    let name: String
    /// Nothing, or `|#key:value,key:value`.
    let suffix: String

    /// Characters that the protocol uses become underscores. A tag without a key is left out; one without a value is
    /// the bare key.
    init(prefix: String, name: String, tags: [(String, String)]) {
        let prefix = prefix.hasSuffix(".") ? String(prefix.dropLast()) : prefix
        self.name = Self.sanitised(prefix.isEmpty ? name : "\(prefix).\(name)", isName: true)
        let pairs = tags.filter { !$0.0.isEmpty }.map { key, value in
            value.isEmpty ? Self.sanitised(key) : "\(Self.sanitised(key)):\(Self.sanitised(value))"
        }
        suffix = pairs.isEmpty ? "" : "|#" + pairs.sorted().joined(separator: ",")
    }

    private static func sanitised(_ text: String, isName: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isReserved =
                switch scalar {
                case "|", ",", "#", ":": true
                case "@", " ": isName
                default: scalar.value < 0x20 || scalar.value == 0x7F
                }
            result.unicodeScalars.append(isReserved ? "_" : scalar)
        }
        return result
    }
}
