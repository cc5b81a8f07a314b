import Foundation

/// A line that was read.
struct ChainVisit {
    let path: String
    /// In its file, counted from 1.
    let line: Int
    let bytes: UnsafeRawBufferPointer
    /// In its chain; nil for what is in none.
    let number: Int64?
}

/// A file, and how its chain begins.
struct ChainFile {
    enum Content: Equatable {
        case nothing
        /// Lines of an audit log without a chain.
        case unchained
        /// Lines that are tied to others, and no ``ChainBegin``.
        case headless
        case chained
        case foreign
    }

    let path: String
    let content: Content
    /// The chain's name.
    let chain: String
    /// Of its first line that is tied to another.
    let number: Int64
    /// Whether that line is a ``ChainBegin``, and stands where it was written.
    let startsWithBegin: Bool

    /// - Throws: ``AuditReadError``
    init(path: String) throws {
        self.path = path
        var (content, chain) = (Content.nothing, "")
        var first: (number: Int64, isBegin: Bool)?
        try Self.forEach(path) { piece in
            if content == .nothing {
                content = piece.bytes.starts(with: ChainGap.opening) ? .unchained : .foreign
            }
            guard let link = ChainLink(line: piece.bytes) else { return true }
            let begin = Self.begin(piece.bytes)
            if first == nil { first = (link.number, begin?.place == piece.offset) }
            content = begin == nil ? .headless : .chained
            chain = begin?.chain ?? ""
            return begin == nil
        }
        (self.content, self.chain) = (content, chain)
        (number, startsWithBegin) = (first?.number ?? 0, first?.isBegin ?? false)
    }

    /// What is to be said of a file without a chain.
    var problem: (weight: ChainReport.Weight, text: String)? {
        switch content {
        case .chained: nil
        case .nothing: (.note, "\(path) is empty")
        case .unchained: (.incomplete, "\(path) has no chain: an earlier version of the program wrote it")
        case .headless: (.altered, "\(path) has lost its first lines")
        case .foreign: (.incomplete, "\(path) is no audit log")
        }
    }

    static func begin(_ line: UnsafeRawBufferPointer) -> ChainBegin? {
        guard line.starts(with: ChainBegin.beginning),
            case .begin(let begin) = ChainLine(json: String(decoding: line, as: UTF8.self))
        else { return nil }
        return begin
    }

    /// Shows all lines as being in no chain.
    ///
    /// - Throws: ``AuditReadError``
    func show(_ visit: ((ChainVisit) -> Void)?) throws {
        guard let visit else { return }
        var line = 0
        try Self.forEach(path) { piece in
            line += 1
            visit(ChainVisit(path: path, line: line, bytes: piece.bytes, number: nil))
            return true
        }
    }

    /// - Parameter body: returns false to end.
    /// - Throws: ``AuditReadError``
    static func forEach(_ path: String, from start: Int64 = 0, _ body: (RawLines.Piece) throws -> Bool) throws {
        struct Enough: Error {}
        let descriptor = try AuditReadError.open(path)
        defer { close(descriptor) }
        do {
            try RawLines(descriptor: descriptor, start: start).forEach { if try !body($0) { throw Enough() } }
        } catch is Enough {
            return
        } catch is POSIXError {
            throw AuditReadError(description: "\(path) can't be read to its end")
        }
    }
}
