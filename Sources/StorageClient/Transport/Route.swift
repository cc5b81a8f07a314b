import SyncTokens

/// How a node is reached: its own host, or a tunnel through a proxy. Nodes on one host and port share connections.
struct Route: Hashable, Sendable {
    /// The node's host; an IPv6 address has no brackets.
    let host: String
    let port: Int
    let isSecure: Bool
    /// Nil if the node is reached directly.
    let proxy: ProxyServer?

    init(to target: ServiceURL, through proxy: ProxyServer?) {
        host = target.connectHost
        port = target.port
        isSecure = target.isSecure
        self.proxy = proxy
    }

    /// The host whose name is looked up.
    var dialledHost: String { proxy?.host ?? host }
    var dialledPort: Int { proxy?.port ?? port }
}
