import Support

/// Lines that don't fit where they stand.
struct ChainGap {
    let path: String
    let first: Int
    var last: Int
    /// Why the first one doesn't fit.
    let why: String
    /// Whether each is no more than the beginning of a line of ours.
    var isTorn: Bool

    var isOne: Bool { first == last }
    var place: String { isOne ? "line \(first) of \(path)" : "lines \(first) to \(last) of \(path)" }

    static let opening = Array("{\"event\":\"".utf8)

    /// A line that was not written to its end has no brace that closes it, so there is no reader that finds anything in it. One with a
    /// brace may be somebody's statement, however odd.
    static func isTorn(_ line: UnsafeRawBufferPointer) -> Bool {
        let start = min(line.count, opening.count)
        return start > 0 && line[..<start].elementsEqual(opening[..<start]) && !line.contains(UInt8(ascii: "}"))
    }

    static func why(_ line: UnsafeRawBufferPointer, after number: Int64, _ last: Hash256) -> String {
        guard let link = ChainLink(line: line) else { return "it was altered, or put there" }
        let missing = Int(link.number - number - 1)
        if missing > 0 { return "\(Figures.counted(missing, "line")) before it \(missing == 1 ? "is" : "are") missing" }
        if missing < 0 { return "it stands in the wrong place, or twice" }
        return link.previous == last ? "it was altered" : "it or the line before it was altered"
    }
}
