import Crypto
import Foundation
import Support

/// The end of an audit log's chain, and how it goes on: what writing, recovering and verifying share.
///
/// Lines are tied together by ``ChainLink``s. Bytes that don't fit are outside of the chain; the next line has to be a
/// ``ChainBegin`` then, which names how many they are and their hash. Memory doesn't grow with the log.
struct ChainState: Sendable {
    /// The chain's name; nil before its first line.
    private(set) var chain: String?
    /// Of its last line; 0 before its first.
    private(set) var number: Int64 = 0
    private(set) var last = Hash256.zero
    /// Over the lines since the last head, or since a process began behind lines without one.
    private(set) var tree = HashTree()
    /// What the last head stands for.
    private(set) var covered = HashTree()
    /// What came after the last line and is in no chain.
    private(set) var outside = Outside()
    /// Whether the next line has to be a ``ChainBegin``.
    private(set) var needsBegin = true
    /// Lines since the last head: found without one, they are nobody's word.
    var unsealed: Int { tree.count }

    struct Outside: Sendable {
        fileprivate(set) var bytes: Int64 = 0
        private var hasher = SHA256()

        init() {}

        fileprivate mutating func add(_ more: UnsafeRawBufferPointer) {
            if more.isEmpty { return }
            bytes += Int64(more.count)
            hasher.update(bufferPointer: more)
        }

        /// Nil if there are none.
        var summary: ChainBegin.Outside? {
            bytes == 0 ? nil : ChainBegin.Outside(bytes: bytes, sha256: Hash256(hasher.finalize()).hexadecimal)
        }
    }

    // MARK: Reading

    /// How a line stands to the chain's end.
    enum Fit: Sendable {
        case next
        /// The chain's name is known from it, and the chain goes on behind it.
        case start
        case none
    }

    /// Takes a line that was read.
    ///
    /// - Parameter isEnded: whether a line feed follows.
    /// - Returns: whether it is tied to the line before.
    @discardableResult
    mutating func read(_ line: UnsafeRawBufferPointer, isEnded: Bool) -> Fit {
        let fit = fit(line)
        if fit == .none {
            outside.add(line)
            if isEnded { Self.lineFeed.withUnsafeBytes { outside.add($0) } }
            return fit
        }
        number = ChainLink(line: line)?.number ?? number
        append(line)
        return fit
    }

    /// Takes the last head of a file for the end of what was read.
    init?(after head: UnsafeRawBufferPointer) {
        guard let link = ChainLink(line: head),
            case .head(let line) = ChainLine(json: String(decoding: head, as: UTF8.self))
        else { return nil }
        chain = line.chain
        number = link.number
        last = Hash256(of: head)
    }

    init() {}

    private func fit(_ line: UnsafeRawBufferPointer) -> Fit {
        guard let link = ChainLink(line: line) else { return .none }
        let begin = line.starts(with: ChainBegin.beginning) ? Self.begin(line) : nil
        if chain == nil { return begin == nil ? .none : .start }
        guard link.number == number + 1, link.previous == last else { return .none }
        if let begin { return begin.chain == chain && begin.outside == outside.summary ? .next : .none }
        return outside.bytes == 0 ? .next : .none
    }

    private static func begin(_ line: UnsafeRawBufferPointer) -> ChainBegin? {
        guard case .begin(let begin) = ChainLine(json: String(decoding: line, as: UTF8.self)) else { return nil }
        return begin
    }

    private mutating func append(_ line: UnsafeRawBufferPointer) {
        let hash = Hash256(of: line)
        if line.starts(with: ChainBegin.beginning), let begin = Self.begin(line) {
            chain = begin.chain
            // No head of this process stands for what others left without one.
            tree = HashTree()
        }
        if line.starts(with: HeadSeal.beginning) {
            covered = tree
            tree = HashTree()
        } else {
            tree.add(hash)
        }
        last = hash
        outside = Outside()
    }

    // MARK: Writing

    /// What comes next stands in another file, or is by another process.
    mutating func goOnElsewhere() { needsBegin = true }

    /// Takes what a torn line lacks: a line feed, outside of the chain as the rest of it.
    mutating func endTornLine() {
        Self.lineFeed.withUnsafeBytes { outside.add($0) }
    }

    /// Ties a line to the last one, with a ``ChainBegin`` before it where one is needed. A head has to follow.
    mutating func write(_ json: String, by writer: ChainWriter, to text: inout AppendedText) {
        beginIfNeeded(by: writer, to: &text)
        tie(json, to: &text)
    }

    /// The head over all that came since the last one.
    mutating func seal(by writer: ChainWriter, to text: inout AppendedText) throws {
        beginIfNeeded(by: writer, to: &text)
        let head = ChainHead(
            time: writer.time(),
            run: writer.run,
            version: writer.version,
            chain: chain ?? "",
            first: number + 1 - Int64(tree.count),
            size: tree.count,
            root: tree.root.hexadecimal
        )
        number += 1
        var line = head.json.withoutBrace + ChainLink(number: number, previous: last).text
        if let key = writer.key {
            line += ",\"key\":\"\(key.publicKey.hexadecimal)\""
            line += ",\"signature\":\"\(Hexadecimal.text(try key.signature(for: Array(line.utf8))))\"}"
        } else {
            line += ",\"digest\":\"\(Hash256(of: String(line)).hexadecimal)\"}"
        }
        append(text.append(line), of: text)
    }

    private mutating func beginIfNeeded(by writer: ChainWriter, to text: inout AppendedText) {
        guard needsBegin || outside.bytes > 0 else { return }
        needsBegin = false
        let name = chain ?? writer.newChain()
        let begin = ChainBegin(
            time: writer.time(),
            run: writer.run,
            version: writer.version,
            chain: name,
            names: writer.names,
            place: text.end,
            outside: outside.summary
        )
        tie(begin.json, to: &text)
    }

    private mutating func tie(_ json: String, to text: inout AppendedText) {
        number += 1
        let line = text.append(json.withoutBrace, ChainLink(number: number, previous: last).text[...], "}")
        append(line, of: text)
    }

    private mutating func append(_ line: Range<Int>, of text: AppendedText) {
        text.withBytes(of: line) { append($0) }
    }

    private static let lineFeed: [UInt8] = [UInt8(ascii: "\n")]
}

/// What is about to be appended to a file.
struct AppendedText {
    /// Where in the file it goes.
    let start: Int64
    private(set) var text = ""

    init(at start: Int64) { self.start = start }

    var end: Int64 { start + Int64(text.utf8.count) }

    /// - Returns: where the line is, without its line feed.
    @discardableResult
    mutating func append(_ parts: Substring...) -> Range<Int> {
        let start = text.utf8.count
        for part in parts { text += part }
        let line = start..<text.utf8.count
        text += "\n"
        return line
    }

    func withBytes(of line: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
        var text = text
        text.withUTF8 { body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[line])) }
    }
}

/// Who goes on with a chain.
struct ChainWriter: Sendable {
    let run: String
    let version: String
    let key: AuditKey?
    /// Of the pseudonyms' key.
    let names: String?

    func time() -> String { WallTime.now().rfc3339 }

    func newChain() -> String {
        withUnsafeBytes(of: UInt64.random(in: 0 ... .max)) { Hexadecimal.text($0) }
    }
}

extension String {
    /// All but the last byte, which is a brace. (`dropLast()` looks for the character's beginning, which costs more than the rest.)
    fileprivate var withoutBrace: Substring { self[..<utf8.index(before: utf8.endIndex)] }
}
