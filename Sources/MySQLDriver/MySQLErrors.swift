import Foundation
import TokenserverStore

/// Sorts what the library and the server say went wrong, by MySQL's error numbers.
enum MySQLErrors {
    static func statement(
        _ code: UInt32,
        _ message: String,
        on name: String,
        _ product: MySQLProduct,
        wasInterrupted: Bool
    ) -> SQLError {
        let text = "\(words(code, message)) (\(product.rawValue) error \(code))"
        switch code {
        // Lock wait timeout, deadlock, row changed since, table or statement changed, statement timeouts of MariaDB and MySQL.
        case 1205, 1213, 1020, 1412, 1615, 1969, 3024: return .busy(text)
        // Ended by KILL QUERY: ours, or an administrator's.
        case 1317: return wasInterrupted ? .interrupted : .busy(text)
        // Lost or cut, shutting down, full, network trouble.
        // A TLS connection that ended or timed out is error 2026.
        case 2000...2014, 2026, 2027, 2055, 3032, 1053, 1077, 1079, 1927, 1040, 1152...1161, 1203, 1226, 4031:
            return .unreachable("lost the connection to the \(name): \(text)")
        // The proxy's own: ProxySQL has reached no server, or has none.
        case 9000...9999: return .unreachable("the proxy before the \(name) can't serve now: \(text)")
        case 1044, 1142, 1143, 1227, 1370: return .denied(text)
        // Read-only, by option, by transaction or by mode, or InnoDB itself; a Galera node that isn't ready.
        case 1290, 1792, 1836, 1874, 3100, 1047: return .unreachable("the \(name) can't be written to now: \(text)")
        default: return .failed(text)
        }
    }

    /// The library doesn't keep who greeted it when it then fails to connect.
    static func connecting(_ code: UInt32, _ message: String, to name: String) -> SQLError {
        let text = "can't connect to the \(name): \(words(code, message)) (MySQL error \(code))"
        if code == 2026, tellsOfNetwork(message) { return .unreachable(text) }
        switch code {
        // Access denied, no such database, no such host allowed, TLS, authentication plugins, expired password, locked
        // account.
        case 1044, 1045, 1049, 1130, 1251, 1698, 1820, 1862, 2026, 2049, 2058, 2059, 2061, 3118, 3159, 4151, 5010:
            return .refused(text)
        default: return .unreachable(text)
        }
    }

    /// Whether TLS failed for what happened to the connection, and not for what a certificate or the server says: the
    /// library gives the system's text and number then, or OpenSSL's text about the early end.
    private static func tellsOfNetwork(_ message: String) -> Bool {
        let numbers = [EAGAIN, EPIPE, ENETUNREACH, ECONNABORTED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH]
        return message.contains("unexpected eof") || numbers.contains { message.hasSuffix(" (\($0))") }
    }

    /// Errors about values repeat the values.
    private static func words(_ code: UInt32, _ message: String) -> String {
        switch code {
        case 1022, 1062, 1586: "duplicate entry for a unique key"
        case 1048, 1264, 1265, 1292, 1300, 1366, 1367, 1406, 1411, 1525, 1526, 1690: "a value was refused"
        // The library's own text has random bytes in place of the method's name.
        case 5010: "the server wants the password itself, which it gets by ssl-mode=VERIFY_IDENTITY only"
        case 1064: "the statement's syntax was refused"
        default: message.split(whereSeparator: \.isNewline).joined(separator: "; ")
        }
    }
}
