import Foundation
import Support

/// Goes along one chain, file by file, and writes down what doesn't fit.
struct ChainWalk {
    private let trust: ChainTrust
    private let visit: ((ChainVisit) -> Void)?
    private(set) var report: ChainReport
    private(set) var hasWanted = false

    private var state = ChainState()
    /// Of the file that is read.
    private var path = ""
    private var line = 0
    private var isInLine = false
    /// Where the last line that fits stands.
    private var lastPlace = (path: "", line: 0)
    private var gap: ChainGap?
    private var seals = ChainSeals()

    init(trust: ChainTrust, report: ChainReport, visit: ((ChainVisit) -> Void)?) {
        self.trust = trust
        self.report = report
        self.visit = visit
    }

    /// - Throws: ``AuditReadError``
    mutating func read(_ file: ChainFile) throws {
        follow(file)
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
    private mutating func follow(_ file: ChainFile) {
        if state.chain == nil {
            report.begin(file.chain, at: file.number)
            if !file.startsWithBegin {
                report.find(.altered, "\(file.path) has lost its first lines")
            } else if file.number > 1, trust.first != file.number {
                let missing = Figures.counted(Int(file.number - 1), "line")
                report.find(
                    .incomplete,
                    "the chain's first \(missing) are in files that were not named: name them, or"
                        + " --first \(file.number) if they were deleted on purpose"
                )
            }
            return
        }
        if file.number == state.number + 1 { return }
        if gap == nil {
            let missing = Int(file.number - 1 - state.number)
            missing > 0
                ? report.find(
                    .incomplete,
                    "between \(path) and \(file.path) \(Figures.counted(missing, "line")) \(missing == 1 ? "is" : "are") missing"
                )
                : report.find(
                    .altered,
                    "\(file.path) begins with line \(file.number) of the chain, which \(path) has already: two processes"
                        + " wrote while it was rotated, or it is a copy"
                )
        }
        end()
        state = ChainState()
    }

    private mutating func take(_ piece: RawLines.Piece) {
        let before = (number: state.number, unsealed: state.unsealed, outside: state.outside)
        let begin = ChainFile.begin(piece.bytes)
        let last = state.last
        let fit = state.read(piece.bytes, isEnded: piece.isEnded)
        visit?(ChainVisit(path: path, line: line, bytes: piece.bytes, number: fit == .none ? nil : state.number))
        if fit == .none { return note(piece, after: before.number, last) }
        if begin != nil, before.unsealed > 0 {
            report.find(
                .incomplete,
                "\(Figures.counted(before.unsealed, "line")) up to line \(lastPlace.line) of \(lastPlace.path)"
                    + " \(before.unsealed == 1 ? "was" : "were") found without a head: the process was killed while it wrote them,"
                    + " the disk was full, or somebody put them there"
            )
        }
        close(begin: begin, isStart: fit == .start, before.outside)
        lastPlace = (path, line)
        if trust.isWanted(state) { hasWanted = true }
        if !piece.isEnded { report.find(.incomplete, "\(path) has no line feed at its end: its last byte is missing") }
        if piece.bytes.starts(with: HeadSeal.beginning) { check(head: piece.bytes, before.number) }
    }

    /// What is to be said of what stood before a line that fits.
    private mutating func close(begin: ChainBegin?, isStart: Bool, _ outside: ChainState.Outside) {
        defer { gap = nil }
        if isStart, let begin, state.number == 1 || gap != nil, begin.outside != outside.summary {
            return report.find(
                .altered,
                "what stands before line \(line) of \(path) isn't what was there when the chain began"
            )
        }
        guard let gap else { return }
        if isStart {
            report.find(
                state.number == 1 ? .note : .incomplete,
                "\(gap.place) \(gap.isOne ? "was" : "were") there before the chain began; until then they could be altered"
            )
        } else if gap.isTorn {
            report.find(
                .note,
                "\(gap.place) \(gap.isOne ? "was" : "were") torn: the process was killed, or the disk was full"
            )
        } else {
            report.find(
                .incomplete,
                "\(gap.place): in no chain, but unchanged since. Another program or an earlier version wrote there,"
                    + " or two processes at once"
            )
        }
    }

    private mutating func note(_ piece: RawLines.Piece, after number: Int64, _ last: Hash256) {
        let isTorn = ChainGap.isTorn(piece.bytes)
        if gap != nil {
            gap?.last = line
            if !isTorn { gap?.isTorn = false }
            return
        }
        gap = ChainGap(
            path: path,
            first: line,
            last: line,
            why: ChainGap.why(piece.bytes, after: number, last),
            isTorn: isTorn
        )
    }

    private mutating func check(head bytes: UnsafeRawBufferPointer, _ number: Int64) {
        guard case .head(let head) = ChainLine(json: String(decoding: bytes, as: UTF8.self)) else {
            return report.find(.altered, "the head in line \(line) of \(path) was altered")
        }
        let key: AuditPublicKey?
        switch HeadSeal.verdict(on: bytes) {
        case .wrong:
            return report.find(.altered, "the head in line \(line) of \(path) was altered: its seal isn't its own")
        case .whole: key = nil
        case .signed(let signer): key = signer
        }
        seals.note(key, at: "line \(line) of \(path)")
        report.head("\(state.number):\(state.last.hexadecimal)", key: key?.hexadecimal)
        let tree = state.covered
        let first = number + 1 - Int64(tree.count)
        if head.first < first {
            report.find(
                .incomplete,
                "the head in line \(line) of \(path) stands for lines that are in none of these files"
            )
        } else if head.first != first || head.size != tree.count || head.root != tree.root.hexadecimal {
            report.find(.altered, "the head in line \(line) of \(path) stands for other lines than those before it")
        }
    }

    /// The end of what follows on each other.
    private mutating func end() {
        if let gap {
            gap.isTorn && gap.isOne
                ? report.find(.incomplete, "\(gap.place), the last one, is torn: it was cut, or its process was killed")
                : report.find(.altered, "line \(gap.first) of \(gap.path) doesn't fit: \(gap.why)")
        }
        gap = nil
    }

    mutating func finish() {
        let hadGap = gap != nil
        end()
        if state.unsealed > 0, !hadGap {
            report.find(
                .incomplete,
                "\(Figures.counted(state.unsealed, "line")) at the end of \(path) \(state.unsealed == 1 ? "is" : "are")"
                    + " under no head: the log was cut, or its process was killed while it wrote them"
            )
        }
        seals.judge(trust.keys, into: &report)
    }
}
