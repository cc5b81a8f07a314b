/// A storage node's base URL, checked once so that requests can be formed from it without failing.
package struct ServiceURL: Hashable, Sendable, CustomStringConvertible {
    /// The URL as the `nodes` table has it: what a token's `node` must say.
    package let text: String

    /// Whether the node is spoken to over TLS.
    package let isSecure: Bool

    /// The host as it appears in a `Host` header and in a Hawk signature: lower case, an IPv6 address in brackets.
    package let host: String

    /// The port to connect to: the one in the URL, else 80 for http and 443 for https.
    package let port: Int

    /// The base path without trailing slashes; empty for most nodes.
    package let pathPrefix: String

    /// What tells one storage from another, however their URLs are spelt: host, port and base path.
    package let storage: String

    /// The URL without trailing slashes.
    private let base: String

    package var description: String { text }

    /// The host to resolve and connect to: an IPv6 address has no brackets here.
    package var connectHost: String {
        host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }

    /// The base URL that `text` is, which must be all of it.
    package init(_ text: String) throws(ServiceURLError) {
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .forbiddenCharacter }
        guard let scheme = ["https", "http"].first(where: { text.lowercased().hasPrefix("\($0)://") }) else {
            throw .unsupportedScheme
        }
        let rest = text.dropFirst(scheme.count + 3)
        guard !rest.contains("#") else { throw .fragment }
        guard !rest.contains("?") else { throw .query }

        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else { throw .userInfo }
        let (host, port) = try Self.split(authority)
        guard URLHost.isValid(host.lowercased()) else { throw .invalidHost }
        let path = Self.trimmed(rest.dropFirst(authority.count))
        guard URLPath.isValid(path) else { throw .invalidPath }

        self.text = text
        self.isSecure = scheme == "https"
        self.host = host.lowercased()
        self.port = try port.map(Self.number) ?? (isSecure ? 443 : 80)
        self.pathPrefix = String(path)
        self.storage = "\(self.host):\(self.port)\(self.pathPrefix)"
        self.base = String(text.prefix(scheme.count + 3 + authority.count)) + path
    }

    /// Where the data of the user with this uid is: `{node}/1.5/{uid}`, and the part of it that goes into the request
    /// line and the signature.
    package func endpoint(uid: Int64) -> (url: String, path: String) {
        let suffix = "/1.5/\(uid)"
        return (base + suffix, pathPrefix + suffix)
    }

    /// Everything comes from the text.
    package static func == (left: ServiceURL, right: ServiceURL) -> Bool { left.text == right.text }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// The host and, if there is a colon after it, the text of the port.
    private static func split(_ authority: Substring) throws(ServiceURLError) -> (host: Substring, port: Substring?) {
        let host =
            if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
                authority[...bracket]
            } else {
                authority.prefix { $0 != ":" }
            }
        guard !host.isEmpty else { throw .emptyHost }
        let rest = authority[host.endIndex...]
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.hasPrefix(":") else { throw .invalidHost }
        return (host, rest.dropFirst())
    }

    /// A port in its one spelling: a server signs over the text of it, so `080` wouldn't verify.
    private static func number(_ text: Substring) throws(ServiceURLError) -> Int {
        guard let port = UInt16(text), port > 0, String(port) == text else { throw .invalidPort }
        return Int(port)
    }

    private static func trimmed(_ path: Substring) -> Substring {
        var path = path
        while path.last == "/" { path.removeLast() }
        return path
    }
}
