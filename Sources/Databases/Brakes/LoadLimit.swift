/// `Threads_running=50`: a measure of a server's load, and the value above which it has too much to do.
package struct LoadLimit: Sendable, Equatable {
    package let measure: String
    package let most: Double

    package init(measure: String, most: Double) {
        self.measure = measure
        self.most = most
    }

    /// One or several, with commas between; nil for anything else.
    package static func limits(_ text: String) -> [LoadLimit]? {
        var limits: [LoadLimit] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, sides[0].utf8.allSatisfy(isWord), let most = Double(sides[1]),
                (0...1e18).contains(most)
            else { return nil }
            limits.append(LoadLimit(measure: String(sides[0]), most: most))
        }
        return limits
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
