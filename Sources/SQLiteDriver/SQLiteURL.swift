import Foundation
package import TokenserverStore

/// The file that a URL names: `sqlite:relative.db` or `sqlite:///absolute.db`; percent-encoded characters are decoded.
package struct SQLiteURL: Sendable, Equatable {
    package let path: String

    package init(_ url: String) throws(DatabaseURLError) {
        path = try Self.path(url.firstIndex(of: ":").map { url[$0...].dropFirst() } ?? "")
    }

    private static let forms = "give --database-url sqlite:relative.db or sqlite:///absolute.db"

    private static func path(_ rest: Substring) throws(DatabaseURLError) -> String {
        var path = rest
        if path.hasPrefix("//") {
            path = path.dropFirst(2)
            guard path.hasPrefix("/") else {
                throw DatabaseURLError(problem: "a sqlite URL names no host", remedy: forms)
            }
        }
        if path.contains("?") || path.contains("#") {
            throw DatabaseURLError(problem: "a sqlite URL takes no parameters here", remedy: forms)
        }
        guard let decoded = String(path).removingPercentEncoding, !decoded.isEmpty, !decoded.hasPrefix(":"),
            !decoded.contains("\0")
        else {
            throw DatabaseURLError(problem: "the sqlite URL names no file", remedy: forms)
        }
        return decoded
    }
}
