/// A server's answer to a request whose Hawk header it refuses: the value of a `WWW-Authenticate` header.
package struct HawkChallenge: Hashable, Sendable {
    /// The server's time in seconds since 1970, if it tells it. Anybody can have written it: see
    /// ``verifiedTime(key:)``.
    package let timestamp: Int64?

    /// The signature of the time, in base64.
    package let tsm: String?

    /// The server's message.
    package let error: String?

    /// The challenge whose value is `wwwAuthenticate`.
    ///
    /// Attributes that Hawk doesn't know are left out, since servers add their own; a message may hold escaped
    /// quotes. Several challenges in one value aren't told apart and are malformed.
    package init(parsing wwwAuthenticate: String) throws(HawkError) {
        let attributes = try HawkAttributes(parsing: wwwAuthenticate, known: nil)
        if let text = attributes["ts"] {
            timestamp = try HawkAttributes.timestamp(text)
        } else {
            timestamp = nil
        }
        tsm = attributes["tsm"]
        error = attributes["error"]
    }

    /// The server's time in seconds since 1970, if whoever told it has `key`; else nil. Compared in constant time.
    package func verifiedTime(key: String) -> Int64? {
        guard let timestamp, let tsm, HawkMAC.matches(tsm, HawkMAC.timestamp(timestamp, key: key)) else { return nil }
        return timestamp
    }
}
