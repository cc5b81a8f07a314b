import Foundation
import SyncTokens

/// An HTTP proxy. Its descriptions don't show the user and the password.
struct ProxyServer: Hashable, Sendable {
    package let host: String
    package let port: Int
    package let user: String?
    package let password: String?
}

extension ProxyServer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(host):\(port)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["host": host, "port": port]) }
}

/// Which proxy a storage node is reached through, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say.
///
/// As the original's HTTP library has it: the lower-case spelling of a variable wins, and `NO_PROXY` holds host names,
/// which also stand for the domains below them, addresses, and `*`, each perhaps with a port, and blocks of IPv4
/// addresses such as `10.0.0.0/8`.
package struct ProxyRules: Sendable {
    package struct ParsingError: Error, Sendable, Equatable {
        package let variable: String
    }

    let forHTTP: ProxyServer?
    let forHTTPS: ProxyServer?
    private let exceptions: [String]

    package static let none = ProxyRules(forHTTP: nil, forHTTPS: nil, exceptions: [])

    package init(environment: [String: String]) throws(ParsingError) {
        forHTTP = try Self.proxy("HTTP_PROXY", environment)
        forHTTPS = try Self.proxy("HTTPS_PROXY", environment)
        exceptions = (Self.value("NO_PROXY", environment) ?? "")
            .split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            // A leading dot changes nothing: a name stands for its domain anyway.
            .map { String($0.drop { $0 == "." }) }
            .filter { !$0.isEmpty }
    }

    private init(forHTTP: ProxyServer?, forHTTPS: ProxyServer?, exceptions: [String]) {
        self.forHTTP = forHTTP
        self.forHTTPS = forHTTPS
        self.exceptions = exceptions
    }

    /// The proxy for this node; nil if it is reached directly.
    func proxy(for target: ServiceURL) -> ProxyServer? {
        let host = target.connectHost.lowercased()
        let names = [host, target.host, "\(host):\(target.port)", "\(target.host):\(target.port)"]
        for exception in exceptions {
            if exception == "*" || names.contains(exception) { return nil }
            if names.contains(where: { $0.hasSuffix("." + exception) }) { return nil }
            if Self.block(exception, holds: host) { return nil }
        }
        return target.isSecure ? forHTTPS : forHTTP
    }

    /// Whether `host` is an IPv4 address within `block`, which is written as address, slash and number of bits.
    private static func block(_ block: String, holds host: String) -> Bool {
        let parts = block.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bits = Int(parts[1]), (1...32).contains(bits),
            let network = address(parts[0]), let address = address(host)
        else { return false }
        return (network ^ address) >> (32 - bits) == 0
    }

    private static func address(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { UInt8($0) }
        guard parts.count == 4, bytes.count == 4 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt32($1) }
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
            let host = parts.host, !host.isEmpty, (1...65_535).contains(parts.port ?? 80)
        else { throw ParsingError(variable: name) }
        return ProxyServer(
            host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")),
            port: parts.port ?? 80,
            user: parts.user,
            password: parts.password
        )
    }
}
