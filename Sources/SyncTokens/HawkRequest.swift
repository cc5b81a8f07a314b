/// The parts of an HTTP request that its Hawk signature covers.
package struct HawkRequest: Hashable, Sendable {
    /// The method, in any case: it is signed in upper case.
    package let method: String

    /// Path and query, as in the request line.
    package let path: String

    /// The host without the port, in any case: it is signed in lower case. An IPv6 address keeps its brackets.
    package let host: String

    /// The port that the client connects to, explicit even where the URL has none.
    package let port: Int

    package init(method: String, path: String, host: String, port: Int) {
        self.method = method
        self.path = path
        self.host = host
        self.port = port
    }

    /// The part that can't be signed, if any: the lines under the signature are told apart by line feeds alone.
    var unsignablePart: String? {
        if !Self.isSignable(method) { return "method" }
        if !Self.isSignable(path) { return "path" }
        if !Self.isSignable(host) { return "host" }
        return nil
    }

    private static func isSignable(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
