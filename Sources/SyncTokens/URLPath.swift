/// The rule for the path of a URL that is sent, and signed, as it is written.
enum URLPath {
    /// Whether `path` holds nothing but what RFC 3986 lets stand in a path, and no `.` or `..` segment, which clients
    /// resolve and thereby break the signature.
    static func isValid(_ path: Substring) -> Bool {
        var bytes = Array(path.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard bytes.count >= 2, bytes.prefix(2).allSatisfy(isHexDigit) else { return false }
                bytes.removeFirst(2)
            } else if !allowed.contains(byte) {
                return false
            }
        }
        return path.split(separator: "/").allSatisfy { segment in
            let dots = segment.lowercased().split(separator: "%2e", omittingEmptySubsequences: false)
            return ![".", ".."].contains(dots.joined(separator: "."))
        }
    }

    private static let allowed = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/".utf8
    )

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        Character(UnicodeScalar(byte)).isHexDigit
    }
}
