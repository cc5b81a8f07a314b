import CLibPQ
import Foundation
import TokenserverStore

/// Connects to a server, for longer than which nothing here lives.
struct PostgresLogin {
    let url: PostgresURL

    private static let defaultTimeout = "10"

    /// What holds unless the URL says otherwise.
    private static let defaults = [
        "fallback_application_name": "purge-old-records",
        // A peer that is gone without a word is noticed within half a minute.
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "20000",
    ]

    private var parameters: [String: String] {
        var parameters = Self.defaults.merging(url.parameters) { $1 }
        parameters["connect_timeout"] = timeout
        // Results are read as such.
        parameters["client_encoding"] = "UTF8"
        return parameters
    }

    private var timeout: String { url.value("connect_timeout") ?? Self.defaultTimeout }

    /// Blocks for as long as connect_timeout, for each address that has to be tried.
    ///
    /// - Returns: an open connection, to be closed by the caller.
    /// - Throws: ``SQLError/unreachable(_:)`` or ``SQLError/refused(_:)``.
    func open() throws(SQLError) -> OpaquePointer {
        let parameters = parameters.sorted { $0.key < $1.key }
        let started = withCStrings(parameters.map(\.key)) { keywords in
            withCStrings(parameters.map(\.value)) { values in PQconnectStartParams(keywords, values, 0) }
        }
        guard let connection = started else { throw .unreachable("no memory for a connection to the \(url.name)") }
        // Before the server says its first word: warnings belong on nobody's standard error, and libpq tells the code
        // of an error at connecting only in its text, if asked to.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        var isInTime = proceed(connection)
        if !isInTime, url.hasSeveralAddresses {
            // Only libpq itself can go on to another address when one doesn't answer; it does when it may block.
            PQreset(connection)
            isInTime = true
        }
        if isInTime, PQstatus(connection) == CONNECTION_OK { return connection }
        defer { PQfinish(connection) }
        let text = String(cString: PQerrorMessage(connection))
        throw Self.error(isInTime ? text : "no answer within \(timeout) seconds", name: url.name)
    }

    /// - Returns: false if the time was up before it was clear whether this works.
    private func proceed(_ connection: OpaquePointer) -> Bool {
        let seconds = Int64(timeout) ?? 0
        let deadline = seconds > 0 ? ContinuousClock.now + .seconds(seconds) : nil
        var state = PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING {
            let left = deadline.map { $0 - .now } ?? .seconds(60)
            if left <= .zero { return false }
            let events = Int16(state == PGRES_POLLING_READING ? POLLIN : POLLOUT)
            var descriptor = pollfd(fd: PQsocket(connection), events: events, revents: 0)
            let milliseconds = Int32(min(left, .seconds(60)) / .milliseconds(1)) + 1
            if poll(&descriptor, 1, milliseconds) > 0 { state = PQconnectPoll(connection) }
        }
        return true
    }
}

// MARK: - Errors

extension PostgresLogin {
    /// Codes, by their first characters, which waiting doesn't mend: wrong password or role, no such database, missing
    /// privilege, unknown or wrong settings.
    private static let lastingStates = ["28", "3D", "42", "22", "0A"]

    /// libpq's own words for what waiting doesn't mend. They are English whatever the server speaks, as this program
    /// doesn't choose a locale.
    private static let lastingWords = [
        "no password supplied", "does not support ssl", "certificate", "does not match host name", "private key",
        "unknown ca", "wrong version number", "unsupported protocol", "alert protocol version", "handshake failure",
        "channel binding", "authentication method", "definition of service", "service file", "invalid ",
        "could not match",
    ]

    /// - Parameter message: libpq's, with the codes of the server's errors. In doubt, it is something that may pass.
    static func error(_ message: String, name: String) -> SQLError {
        // As libpq writes them: "FATAL:  28P01: password authentication failed".
        let code = #/:  ([0-9A-Z]{5}): /#
        let asides = ["DETAIL:", "HINT:", "CONTEXT:", "LOCATION:"]
        let lines = message.split(whereSeparator: \.isNewline).filter { !asides.contains(where: $0.hasPrefix) }
        let plain = lines.joined(separator: "\n")
        let state = plain.matches(of: code).last.map { String($0.output.1) }
        let words = PostgresErrors.oneLine(plain.replacing(code, with: ": "))
        let text = "can't connect to the \(name): \(words)\(state.map { " (SQLSTATE \($0))" } ?? "")"
        let isLasting = state.map { state in lastingStates.contains(where: state.hasPrefix) } ?? isLasting(words)
        return isLasting ? .refused(text) : .unreachable(text)
    }

    /// Several addresses may have been tried; the last one decides. What stands in quotes are names, not words.
    private static func isLasting(_ words: String) -> Bool {
        let attempt = words.ranges(of: "connection to server").last.map { words[$0.lowerBound...] } ?? words[...]
        let text = attempt.replacing(/"[^"]*"/, with: "").lowercased()
        return lastingWords.contains(where: text.contains)
    }
}
