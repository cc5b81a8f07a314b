import Foundation
package import SyncTokens

/// An HTTP proxy.
package struct ProxyServer: Hashable, Sendable {
    package let host: String
    package let port: Int
    package let user: String?
    package let password: String?
}

/// Which proxy a storage node is reached through, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say.
///
/// As the original's HTTP library has it: the lower-case spelling of a variable wins, and `NO_PROXY` holds host names,
/// which also stand for the domains below them, addresses, and `*`, each perhaps with a port.
package struct ProxyRules: Sendable {
    package struct ParsingError: Error, Sendable, Equatable {
        package let variable: String
    }

    package let forHTTP: ProxyServer?
    package let forHTTPS: ProxyServer?
    private let exceptions: [String]

    package static let none = ProxyRules(forHTTP: nil, forHTTPS: nil, exceptions: [])

    package init(environment: [String: String]) throws(ParsingError) {
        forHTTP = try Self.proxy("HTTP_PROXY", environment)
        forHTTPS = try Self.proxy("HTTPS_PROXY", environment)
        exceptions = (Self.value("NO_PROXY", environment) ?? "")
            .split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            .filter { !$0.isEmpty }
    }

    private init(forHTTP: ProxyServer?, forHTTPS: ProxyServer?, exceptions: [String]) {
        self.forHTTP = forHTTP
        self.forHTTPS = forHTTPS
        self.exceptions = exceptions
    }

    /// The proxy for this node; nil if it is reached directly.
    package func proxy(for target: ServiceURL) -> ProxyServer? {
        let host = target.connectHost.lowercased()
        let names = [host, "\(host):\(target.port)", "\(target.host):\(target.port)"]
        for exception in exceptions {
            if exception == "*" || names.contains(exception) { return nil }
            let domain = exception.hasPrefix(".") ? exception : "." + exception
            if names.contains(where: { $0.hasSuffix(domain) }) { return nil }
        }
        return target.isSecure ? forHTTPS : forHTTP
    }

    private static func value(_ name: String, _ environment: [String: String]) -> String? {
        let value = environment[name.lowercased()] ?? environment[name]
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func proxy(
        _ name: String,
        _ environment: [String: String]
    ) throws(ParsingError) -> ProxyServer? {
        guard let text = value(name, environment) else { return nil }
        let url = text.contains("://") ? text : "http://" + text
        guard let parts = URLComponents(string: url), parts.scheme?.lowercased() == "http",
            let host = parts.host, !host.isEmpty
        else { throw ParsingError(variable: name) }
        return ProxyServer(
            host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")),
            port: parts.port ?? 80,
            user: parts.user,
            password: parts.password
        )
    }
}
