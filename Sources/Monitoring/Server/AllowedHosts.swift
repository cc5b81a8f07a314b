import NIOCore
import NIOPosix

/// By which names the server may be asked.
///
/// A page that somebody's browser shows can't read from loopback, but for one trick: its own name resolves to 127.0.0.1 when it asks
/// again (DNS rebinding). Then the request's `Host` is that name. So a server on loopback answers only where `Host` is an IP address,
/// `localhost`, or a name that the operator gave. Elsewhere any name will do: who can connect is decided there by the network.
struct AllowedHosts: Sendable {
    /// Nil for any.
    private let names: Set<String>?

    /// - Parameter host: the name or address that the server is bound to.
    init(boundTo host: String, names: [String]) {
        let isLoopback = host.lowercased() == "localhost" || host.hasPrefix("127.") || host == "::1"
        self.names = isLoopback ? Set(["localhost"] + names.map { $0.lowercased() }) : nil
    }

    /// - Parameter headers: the request's `Host` headers. HTTP/1.0 has none, and no browser speaks it.
    func allow(_ headers: [String]) -> Bool {
        guard let names else { return true }
        guard let header = headers.first else { return true }
        if headers.count > 1 { return false }
        guard let host = Self.withoutPort(header) else { return false }
        return names.contains(host.lowercased()) || Self.isAddress(host)
    }

    /// From `name`, `name:9464`, `[::1]` or `[::1]:9464`; nil for anything else.
    private static func withoutPort(_ header: String) -> String? {
        var host = header[...]
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let port = host[host.index(after: end)...]
            return isPort(port) ? String(host[host.index(after: host.startIndex)..<end]) : nil
        }
        if let colon = host.firstIndex(of: ":") {
            guard isPort(host[colon...]) else { return nil }
            host = host[..<colon]
        }
        return host.isEmpty ? nil : String(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }

    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }
}
