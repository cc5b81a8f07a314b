import Foundation
import Support

/// Goes along one chain, file by file, and writes down what doesn't fit.
struct ChainWalk {
    private let keys: Set<AuditPublicKey>
    private let wanted: Hash256?
    private(set) var report: ChainReport
    private(set) var hasWanted = false
    private let visit: ((ChainVisit) -> Void)?

    private var state = ChainState()
    /// Trees that a process may have begun at a file's first line, with that line's number.
    private var trees: [(first: Int64, tree: HashTree)] = []
    /// Of the file that is read.
    private var path = ""
    private var line = 0
    private var isInLine = false
    /// Since the last line that fits.
    private var gap: Gap?
    private var signed = 0
    private var unsigned = 0

    /// Lines that don't fit where they stand.
    private struct Gap {
        let path: String
        let first: Int
        var last: Int
        /// Why the first one doesn't fit.
        let why: String
        /// Whether it is no more than a line that was not written to its end.
        var isTorn: Bool
        var place: String { first == last ? "line \(first) of \(path)" : "lines \(first) to \(last) of \(path)" }
    }

    init(keys: Set<AuditPublicKey>, wanted: Hash256?, report: ChainReport, visit: ((ChainVisit) -> Void)? = nil) {
        self.visit = visit
        self.keys = keys
        self.wanted = wanted
        self.report = report
    }

    /// - Throws: ``AuditReadError``
    mutating func read(_ file: ChainFile, chain: String) throws {
        follow(file, chain: chain)
        path = file.path
        line = 0
        isInLine = false
        try ChainFile.forEach(file.path) { piece in
            if !isInLine { line += 1 }
            isInLine = !piece.isEnded
            take(piece)
            return true
        }
        report.read(file.path)
        report.reach(state.number)
    }

    /// What the file's beginning says of the one before.
    private mutating func follow(_ file: ChainFile, chain: String) {
        if state.chain == nil {
            report.begin(chain, at: file.number)
            if file.number > 1 {
                report.find(.note, "the chain's lines before \(file.number) are in files that were not named")
            }
            return
        }
        if file.number == state.number + 1 { return }
        if gap == nil {
            file.number > state.number
                ? report.find(
                    .incomplete,
                    "between \(path) and \(file.path) \(Figures.counted(Int(file.number - 1 - state.number), "line")) are missing"
                )
                : report.find(
                    .altered,
                    "\(file.path) begins with line \(file.number) of the chain, which \(path) has already: it was named twice, or two processes wrote while it was rotated"
                )
        }
        end()
        state = ChainState()
        trees = []
    }

    private mutating func take(_ piece: RawLines.Piece) {
        let before = state
        let begin = ChainWalk.begin(piece.bytes)
        let fit = state.read(piece.bytes, isEnded: piece.isEnded)
        visit?(ChainVisit(path: path, line: line, bytes: piece.bytes, number: fit == .none ? nil : state.number))
        switch fit {
        case .none:
            note(piece, after: before)
            return
        case .start:
            if let begin, state.number == 1 || gap != nil, begin.outside != before.outside.summary {
                report.find(
                    .altered,
                    "what stands before line \(line) of \(path) isn't what was there when the chain began"
                )
            } else if let gap {
                let weight = state.number == 1 ? ChainReport.Weight.note : .incomplete
                report.find(
                    weight,
                    "\(gap.place) \(gap.first == gap.last ? "was" : "were") there before the chain began"
                )
            }
        case .next:
            if let gap {
                gap.isTorn
                    ? report.find(.note, "\(gap.place) was torn: its process was killed, or the disk was full")
                    : report.find(
                        .incomplete,
                        "\(gap.place): not in the chain, but unchanged since. Another program or an earlier version wrote there, or two processes at once"
                    )
            }
        }
        gap = nil
        if state.last == wanted { hasWanted = true }
        if !piece.isEnded {
            report.find(.incomplete, "\(path) has no line feed at its end: its last byte is missing")
        }
        if piece.bytes.starts(with: HeadSeal.beginning) { return check(head: piece.bytes, after: before) }
        for index in trees.indices { trees[index].tree.add(state.last) }
        if begin != nil {
            var tree = HashTree()
            tree.add(state.last)
            trees.append((state.number, tree))
        }
    }

    private static func begin(_ line: UnsafeRawBufferPointer) -> ChainBegin? {
        guard line.starts(with: ChainBegin.beginning),
            case .begin(let begin) = ChainLine(json: String(decoding: line, as: UTF8.self))
        else { return nil }
        return begin
    }

    private mutating func note(_ piece: RawLines.Piece, after before: ChainState) {
        if gap != nil {
            gap?.last = line
            gap?.isTorn = false
            return
        }
        let isWhole = (try? JSONSerialization.jsonObject(with: Data(piece.bytes))) != nil
        gap = Gap(
            path: path,
            first: line,
            last: line,
            why: why(piece.bytes, before),
            isTorn: !isWhole && !piece.bytes.isEmpty
        )
    }

    private func why(_ bytes: UnsafeRawBufferPointer, _ before: ChainState) -> String {
        guard let link = ChainLink(line: bytes) else { return "it was altered, or put there" }
        if link.number > before.number + 1 {
            return
                "\(Figures.counted(Int(link.number - before.number - 1), "line")) before it \(link.number == before.number + 2 ? "is" : "are") missing"
        }
        if link.number <= before.number { return "it stands in the wrong place, or twice" }
        return link.previous == before.last ? "it was altered" : "it or the line before it was altered"
    }

    private mutating func check(head bytes: UnsafeRawBufferPointer, after before: ChainState) {
        defer { trees = [] }
        guard case .head(let head) = ChainLine(json: String(decoding: bytes, as: UTF8.self)) else {
            return report.find(.altered, "the head in line \(line) of \(path) was altered")
        }
        var key: AuditPublicKey?
        switch HeadSeal.verdict(on: bytes) {
        case .wrong:
            return report.find(.altered, "the head in line \(line) of \(path) was altered: its seal isn't its own")
        case .whole:
            unsigned += 1
            if !keys.isEmpty { report.find(.incomplete, "the head in line \(line) of \(path) isn't signed") }
        case .signed(let signer):
            signed += 1
            key = signer
            if !keys.isEmpty, !keys.contains(signer) {
                report.find(
                    .altered,
                    "the head in line \(line) of \(path) is signed with another key: \(signer.hexadecimal)"
                )
            }
        }
        report.head("\(state.number):\(state.last.hexadecimal)", key: key?.hexadecimal)
        let whole = (first: before.number + 1 - Int64(before.tree.count), tree: before.tree)
        let tree = ([whole] + trees).first { $0.first == head.first }
        if let tree {
            if tree.tree.count != head.size || tree.tree.root.hexadecimal != head.root {
                report.find(.altered, "the head in line \(line) of \(path) stands for other lines than those before it")
            }
        } else if head.first >= whole.first {
            report.find(.altered, "the head in line \(line) of \(path) stands for other lines than those before it")
        }
    }

    /// The end of what follows on each other.
    private mutating func end() {
        if let gap {
            gap.isTorn
                ? report.find(.incomplete, "\(gap.place), the last one, is torn: it was cut, or its process was killed")
                : report.find(
                    .altered,
                    "\(gap.place.replacingOccurrences(of: "lines \(gap.first) to \(gap.last)", with: "line \(gap.first)")) doesn't fit: \(gap.why)"
                )
        }
        gap = nil
    }

    mutating func finish() {
        let isTornOrAltered = gap != nil
        end()
        let open = state.tree.count
        if open > 0, !isTornOrAltered {
            report.find(
                .incomplete,
                "\(Figures.counted(open, "line")) at the end of \(path) \(open == 1 ? "is" : "are") under no head: a run is at work, was killed, or the log was cut"
            )
        }
        guard keys.isEmpty, let chain = report.chains.last else { return }
        if signed > 0, unsigned > 0 {
            report.find(
                .incomplete,
                "\(Figures.counted(unsigned, "head")) of \(signed + unsigned) \(unsigned == 1 ? "isn't" : "aren't") signed; name the key with --public-key"
            )
        }
        if chain.keys.count > 1 {
            report.find(
                .incomplete,
                "heads are signed with \(chain.keys.count) keys; name those that you trust with --public-key"
            )
        }
    }
}
