import CLibPQ
import Foundation
import TokenserverStore

/// A connection URL as libpq itself takes it apart: percent-encoding, IPv6, several hosts, sockets (`?host=/folder`),
/// `sslmode` and its like, timeouts, services, password files and PG* variables are all its own.
struct PostgresURL: Sendable, Equatable {
    /// libpq's keywords and what the URL says for them.
    let parameters: [String: String]
    /// What the PG* variables say besides.
    private let environment: [String: String]

    static let remedy = "give postgres://user:password@host:5432/database?parameters, as libpq takes it"

    init(_ url: String) throws(DatabaseURLError) {
        guard let separator = url.range(of: "://") else {
            throw DatabaseURLError(problem: "the PostgreSQL URL has no // behind its scheme", remedy: Self.remedy)
        }
        let rest = url[separator.upperBound...]
        let known = Self.known()
        try Self.checkText(rest, known: known)
        // SQLAlchemy names its own driver in the scheme; libpq doesn't know of it.
        guard let options = PQconninfoParse("postgresql://\(rest)", nil) else {
            // libpq's own words could repeat a part of the password.
            throw DatabaseURLError(
                problem: "the PostgreSQL URL can't be read",
                remedy: "\(Self.remedy); percent-encode what is special in the user's name and the password"
            )
        }
        defer { PQconninfoFree(options) }
        parameters = Self.values(options)
        environment = known.compactMapValues { variable in
            variable.flatMap { ProcessInfo.processInfo.environment[$0] }
        }
        try checkValues()
    }

    /// What the URL says for a keyword of libpq's, or else what the environment says.
    func value(_ keyword: String) -> String? { parameters[keyword] ?? environment[keyword] }

    /// For logs: never with a password.
    var name: String {
        var database = value("dbname").map { "PostgreSQL database \($0)" } ?? "PostgreSQL"
        if let service = value("service") { database += " (service \(service))" }
        guard let hosts = value("host") ?? value("hostaddr"), !hosts.isEmpty else { return database }
        let ports = (value("port") ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let places = hosts.split(separator: ",", omittingEmptySubsequences: false).enumerated().map { index, host in
            if host.hasPrefix("/") || host.isEmpty { return String(host) }
            let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            return "\(host.contains(":") ? "[\(host)]" : String(host)):\(port.isEmpty ? "5432" : port)"
        }
        return "\(database) at \(places.joined(separator: ", "))"
    }

    /// Whether libpq may have several addresses to try.
    var hasSeveralAddresses: Bool {
        guard let host = value("hostaddr") ?? value("host"), !host.isEmpty, !host.hasPrefix("/") else { return false }
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) != 1 && inet_pton(AF_INET6, host, &address) != 1
    }

    /// libpq's keywords, and the environment's variables for them.
    private static func known() -> [String: String?] {
        // Nothing is read from the environment here, as that can fail: a service may be missing.
        guard let options = PQconninfoParse("", nil) else { return [:] }
        defer { PQconninfoFree(options) }
        var known: [String: String?] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            known[String(cString: keyword)] = .some(option.pointee.envvar.map { String(cString: $0) })
            option += 1
        }
        return known
    }

    private static func values(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }
}

// MARK: - Checks

extension PostgresURL {
    /// Finds what libpq would misunderstand, or refuse without saying where.
    private static func checkText(_ rest: Substring, known: [String: String?]) throws(DatabaseURLError) {
        if rest.utf8.contains(0) || rest.contains("%00") {
            throw DatabaseURLError(problem: "the PostgreSQL URL holds the character NUL", remedy: remedy)
        }
        // libpq ends the password at the first @, or takes it for a port and a database: the rest would be shown.
        var target = rest
        if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
            target = rest[end...].dropFirst()
        }
        if target.prefix(while: { $0 != "?" }).contains("@") {
            throw DatabaseURLError(
                problem: "the PostgreSQL URL has an @ or / in the user's name or the password",
                remedy: "write %40 for @, and %2F for /"
            )
        }
        guard let question = target.firstIndex(of: "?") else { return }
        for pair in target[question...].dropFirst().split(separator: "&") {
            // libpq takes ssl=true, as other drivers do.
            let key = pair.prefix { $0 != "=" }
            guard key != "ssl", let keyword = String(key).removingPercentEncoding, known[keyword] == nil else {
                continue
            }
            let isPlain = key.count <= 40 && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            throw DatabaseURLError(
                problem: "the PostgreSQL URL has a parameter that libpq doesn't know\(isPlain ? ": \(key)" : "")",
                remedy: "leave it out, or give one of libpq's, such as sslmode or connect_timeout"
            )
        }
    }

    private static let choices = [
        "sslmode": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "target_session_attrs": ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
        "channel_binding": ["disable", "prefer", "require"],
        "gssencmode": ["disable", "prefer", "require"],
    ]
    private static let numbers = [
        "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout",
    ]

    /// Finds what libpq would find only when it connects.
    private func checkValues() throws(DatabaseURLError) {
        if value("dbname")?.isEmpty ?? true, value("service") == nil {
            throw DatabaseURLError(problem: "the PostgreSQL URL names no database", remedy: Self.remedy)
        }
        for (keyword, choices) in Self.choices.sorted(by: { $0.key < $1.key }) {
            if let value = parameters[keyword], !choices.contains(value) {
                throw DatabaseURLError(
                    problem: "the PostgreSQL URL has an unknown \(keyword)",
                    remedy: "give one of \(choices.joined(separator: ", "))"
                )
            }
        }
        for keyword in Self.numbers {
            if let value = parameters[keyword], Int32(value) == nil {
                throw DatabaseURLError(
                    problem: "\(keyword) in the PostgreSQL URL is not a whole number",
                    remedy: "give a number, such as \(keyword)=10"
                )
            }
        }
        try checkPorts()
    }

    private func checkPorts() throws(DatabaseURLError) {
        let ports = (parameters["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        for port in ports where !port.isEmpty && UInt16(port) ?? 0 == 0 {
            throw DatabaseURLError(
                problem: "the PostgreSQL URL's port is not a number from 1 to 65535",
                remedy: Self.remedy
            )
        }
        let hosts = (value("hostaddr") ?? value("host") ?? "").split(separator: ",", omittingEmptySubsequences: false)
        if ports.count > 1, ports.count != hosts.count {
            throw DatabaseURLError(
                problem: "the PostgreSQL URL has \(ports.count) ports for \(max(hosts.count, 1)) hosts",
                remedy: "give one port for all hosts, or one for each"
            )
        }
    }
}
