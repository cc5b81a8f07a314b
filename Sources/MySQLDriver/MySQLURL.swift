import Foundation
package import TokenserverStore

/// A connection URL as operators of MySQL and MariaDB have it:
/// `mysql://user:password@host:3306/database?ssl-mode=REQUIRED`, with percent-encoding, IPv6 in brackets, and a socket
/// as `?socket=/path`, `?unix_socket=/path` or a percent-encoded path in the host's place.
package struct MySQLURL: Sendable, Equatable {
    package private(set) var user = ""
    package private(set) var password = ""
    package private(set) var host = "localhost"
    package private(set) var port: UInt16 = 3306
    package private(set) var socket: String?
    package private(set) var database = ""
    package private(set) var tlsMode = MySQLTLSMode.preferred
    package private(set) var authority: String?
    package private(set) var certificate: String?
    package private(set) var key: String?
    /// In seconds.
    package private(set) var connectTimeout: UInt32 = 10

    private static let form = "give mysql://user:password@host:3306/database"
    /// What other programs' URLs have, and what makes no difference here.
    private static let ignored: Set<String> = [
        "charset", "collation", "use_unicode", "pool_min", "pool_max", "pool_recycle", "pool_pre_ping", "tcp_keepalive",
        "tcp_keepalive_time_ms", "tcp_nodelay", "tcp_connect_timeout_ms", "stmt_cache_size", "compression",
        "prefer_socket", "wait_timeout", "secure_auth", "conn_ttl", "inactive_connection_ttl", "ttl_check_interval",
        "max_allowed_packet", "client_found_rows", "reset_connection", "built_in_roots", "disable_built_in_roots",
        "abs_conn_ttl", "abs_conn_ttl_jitter", "check_health",
    ]

    package init(_ url: String) throws(DatabaseURLError) {
        guard let separator = url.range(of: "://") else { throw Self.error("has no // behind its scheme") }
        var rest = url[separator.upperBound...]
        if rest.contains("#") || rest.contains("\0") {
            throw Self.error("holds a character that must be percent-encoded")
        }
        var query: Substring = ""
        // An @ behind the first slash belongs to the path of a file, not to the password. A password with a slash that
        // is not encoded ends up here as a port that is none.
        let placeEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        let passwordEnd = rest[..<placeEnd].lastIndex(of: "@") ?? rest.startIndex
        if let mark = rest[passwordEnd...].firstIndex(of: "?") {
            query = rest[mark...].dropFirst()
            rest = rest[..<mark]
        }
        if passwordEnd > rest.startIndex || rest.hasPrefix("@") {
            let at = passwordEnd
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decoded(parts[0])
            password = parts.count > 1 ? try Self.decoded(parts[1]) : ""
            rest = rest[rest.index(after: at)...]
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        try setPlace(parts[0])
        database = parts.count > 1 ? try Self.decoded(parts[1]) : ""
        if database.isEmpty || database.contains("/") || database.contains("@") {
            throw Self.error("names no database")
        }
        try setParameters(query)
    }

    /// For logs: never with a password.
    func name(_ product: MySQLProduct = .mysql) -> String {
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return "\(product.rawValue) database \(database) at \(socket ?? place)"
    }

    private mutating func setPlace(_ text: Substring) throws(DatabaseURLError) {
        var portText: Substring?
        var hostText = text
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Self.error("has a [ without a ]") }
            hostText = text[text.index(after: text.startIndex)..<end]
            let behind = text[text.index(after: end)...]
            if !behind.isEmpty, !behind.hasPrefix(":") { throw Self.error("has something between ] and the port") }
            portText = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            hostText = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        if let portText, !portText.isEmpty {
            guard let number = UInt16(portText), number > 0 else {
                throw Self.error("has a port that is not a number from 1 to 65535")
            }
            port = number
        }
        let decoded = try Self.decoded(hostText)
        if decoded.hasPrefix("/") {
            socket = decoded
        } else if !decoded.isEmpty {
            host = decoded
        }
    }

    private mutating func setParameters(_ query: Substring) throws(DatabaseURLError) {
        var seen: Set<String> = []
        var wishes = MySQLTLSWishes()
        for parameter in query.split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let written = try Self.decoded(parts[0])
            let name = written.lowercased().replacing("-", with: "_")
            if Self.ignored.contains(name) { continue }
            guard seen.insert(name).inserted else { throw Self.error("has the parameter \(Self.shown(written)) twice") }
            let value = parts.count > 1 ? try Self.decoded(parts[1]) : ""
            if value.isEmpty { throw Self.error("has no value for the parameter \(Self.shown(written))") }
            try set(name, written, value, &wishes)
        }
        tlsMode = try wishes.mode(hasAuthority: authority != nil)
        if (certificate == nil) != (key == nil) {
            throw DatabaseURLError(
                problem: "the MySQL URL has only one of ssl-cert and ssl-key",
                remedy: "give both, or neither"
            )
        }
    }

    private mutating func set(
        _ name: String,
        _ written: String,
        _ value: String,
        _ wishes: inout MySQLTLSWishes
    ) throws(DatabaseURLError) {
        switch name {
        case "ssl_mode", "sslmode":
            guard let mode = MySQLTLSMode(rawValue: value.uppercased().replacing("-", with: "_")) else {
                let modes = MySQLTLSMode.allCases.map(\.rawValue).joined(separator: ", ")
                throw DatabaseURLError(
                    problem: "the MySQL URL has an unknown ssl-mode",
                    remedy: "give one of \(modes)"
                )
            }
            wishes.mode = mode
        case "ssl_ca": authority = value
        case "ssl_cert": certificate = value
        case "ssl_key": key = value
        case "require_ssl": wishes.requiresTLS = try Self.truth(value, written)
        case "verify_ca": wishes.verifiesAuthority = try Self.truth(value, written)
        case "verify_identity": wishes.verifiesIdentity = try Self.truth(value, written)
        case "socket", "unix_socket": socket = value
        case "connect_timeout":
            guard let seconds = UInt32(value), (1...3600).contains(seconds) else {
                throw Self.error("has a \(Self.shown(written)) that is not a number of seconds from 1 to 3600")
            }
            connectTimeout = seconds
        default:
            throw DatabaseURLError(
                problem: "the MySQL URL has the unknown parameter \(Self.shown(written))",
                remedy: "known are ssl-mode, ssl-ca, ssl-cert, ssl-key, socket and connect_timeout"
            )
        }
    }

    private static func truth(_ value: String, _ name: String) throws(DatabaseURLError) -> Bool {
        switch value.lowercased() {
        case "true", "1": true
        case "false", "0": false
        default: throw error("has a \(shown(name)) that is neither true nor false")
        }
    }

    /// A name that looks like one; anything else may be a part of a password that was not encoded.
    private static func shown(_ name: String) -> String {
        let isPlain = name.count <= 32 && name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_" || $0 == "-") }
        return isPlain ? name : "…"
    }

    private static func decoded(_ text: Substring) throws(DatabaseURLError) -> String {
        guard let decoded = String(text).removingPercentEncoding, !decoded.contains("\0") else {
            throw error("has a % that begins no percent-encoded character")
        }
        return decoded
    }

    private static func error(_ problem: String) -> DatabaseURLError {
        DatabaseURLError(
            problem: "the MySQL URL \(problem)",
            remedy: "\(form); percent-encode what is special in the password"
        )
    }
}
