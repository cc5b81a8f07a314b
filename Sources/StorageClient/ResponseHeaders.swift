import Foundation
import NIOHTTP1

/// What a storage node's response headers say, each nil if it is missing or unreadable.
struct ResponseHeaders {
    private let headers: HTTPHeaders
    /// Seconds since 1970 by our own clock.
    private let now: Double

    init(_ headers: HTTPHeaders, now: Double) {
        self.headers = headers
        self.now = now
    }

    /// The node's clock, in seconds since 1970. Every Sync server sends it.
    var weaveTimestamp: Double? { decimal("X-Weave-Timestamp").flatMap { $0 > 0 ? $0 : nil } }

    var date: Double? { headers.first(name: "Date").flatMap(Self.parseDate) }

    /// When the user's storage was last modified before the deletion; 0 if nothing was stored. The number nearest to the
    /// text, which nodes give with two decimals.
    var lastModified: Double? { decimal("X-Last-Modified") }

    /// For how long the node asks for nothing new.
    var quiet: Duration? {
        [seconds("X-Weave-Backoff"), seconds("X-Backoff")].compactMap { $0 }.max().flatMap(Self.pause)
    }

    /// After how long the node asks to try again: seconds, or a date by the node's own clock.
    var retryAfter: Duration? {
        if let seconds = seconds("Retry-After") { return Self.pause(seconds) }
        guard let moment = headers.first(name: "Retry-After").flatMap(Self.parseDate) else { return nil }
        return Self.pause(moment - (date ?? weaveTimestamp ?? now))
    }

    /// Hawk challenges, as far as they are one header each.
    var challenges: [String] { headers["WWW-Authenticate"] }

    /// Who answered with this status, as far as it says so, for a log: only plain characters, and not many.
    func sender(status: Int) -> String {
        let name = [headers.first(name: "Server"), headers.first(name: "Content-Type")].compactMap { $0 }
        let redirection = (300..<400).contains(status) ? redirection : nil
        let parts = [name.joined(separator: ", "), redirection ?? ""].map(Self.plain).filter { !$0.isEmpty }
        return parts.isEmpty ? "an unnamed server" : parts.joined(separator: ", ")
    }

    private static func plain(_ text: String) -> String {
        let scalars = text.unicodeScalars.filter { (0x20...0x7E).contains($0.value) && $0 != "\"" }
        return String(String.UnicodeScalarView(scalars.prefix(80)))
    }

    /// To which server it redirects: neither the path nor a password or a query is anybody's business.
    private var redirection: String? {
        guard let location = headers.first(name: "Location") else { return nil }
        let parts = location.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count > 2, parts[1].isEmpty else { return "redirects to another path" }
        let authority = parts[2].prefix { $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return "redirects to \(parts[0])//\(host)"
    }

    private func seconds(_ name: String) -> Double? {
        guard let text = headers.first(name: name), let value = Double(text), value.isFinite, value >= 0 else {
            return nil
        }
        return value
    }

    /// A number as nodes write it: digits, perhaps with a fraction.
    private func decimal(_ name: String) -> Double? {
        guard let text = headers.first(name: name) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let isDecimal = parts.allSatisfy { part in
            (1...12).contains(part.count) && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        return isDecimal ? Double(text) : nil
    }

    /// Longer than a year is as good as for ever, and stays clear of overflow.
    private static func pause(_ seconds: Double) -> Duration? {
        .seconds(min(max(seconds, 0), 365 * 86_400))
    }

    /// An HTTP date in any of its three forms, in seconds since 1970.
    static func parseDate(_ text: String) -> Double? {
        for format in ["EEE, dd MMM yyyy HH:mm:ss zzz", "EEEE, dd-MMM-yy HH:mm:ss zzz", "EEE MMM d HH:mm:ss yyyy"] {
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = TimeZone(identifier: "GMT")
            formatter.dateFormat = format
            if let date = formatter.date(from: text) { return date.timeIntervalSince1970 }
        }
        return nil
    }
}
