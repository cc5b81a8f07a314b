import Foundation

/// Where Tokenserver's database is, as operators write it.
package enum DatabaseURL: Sendable, Equatable {
    /// `sqlite:relative.db` or `sqlite:///absolute.db`; percent-encoded characters are decoded.
    case sqlite(path: String)

    /// What is wrong with a URL, and what to do. Never holds any part of it but the scheme.
    package struct ParsingError: Error, Sendable, Equatable {
        package let problem: String
        package let remedy: String
    }

    package init(_ text: String) throws(ParsingError) {
        guard let colon = text.firstIndex(of: ":") else {
            throw ParsingError(problem: "the database URL has no scheme", remedy: Self.forms)
        }
        let scheme = text[..<colon].lowercased()
        let rest = text[text.index(after: colon)...]
        switch scheme {
        case "sqlite", "sqlite3": self = .sqlite(path: try Self.path(rest))
        case "mysql", "mariadb", "postgres", "postgresql":
            throw ParsingError(
                problem: "this version has no driver for \(scheme): databases yet",
                remedy: "use it with a sqlite: database, or wait for the version that has"
            )
        default:
            throw ParsingError(
                problem: "the database URL has an unknown scheme",
                remedy: Self.forms
            )
        }
    }

    private static let forms = "give --database-url sqlite:relative.db or sqlite:///absolute.db"

    private static func path(_ rest: Substring) throws(ParsingError) -> String {
        var path = rest
        if path.hasPrefix("//") {
            path = path.dropFirst(2)
            guard path.hasPrefix("/") else {
                throw ParsingError(problem: "a sqlite URL names no host", remedy: forms)
            }
        }
        if path.contains("?") || path.contains("#") {
            throw ParsingError(problem: "a sqlite URL takes no parameters here", remedy: forms)
        }
        guard let decoded = String(path).removingPercentEncoding, !decoded.isEmpty, !decoded.hasPrefix(":"),
            !decoded.contains("\0")
        else {
            throw ParsingError(problem: "the sqlite URL names no file", remedy: forms)
        }
        return decoded
    }
}
