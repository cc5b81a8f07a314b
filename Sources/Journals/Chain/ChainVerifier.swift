import Foundation
import Support

/// Tells whether audit logs are as they were written: each line tied to the one before, nothing missing between files,
/// heads signed. Memory doesn't grow with the logs.
package struct ChainVerifier {
    /// Of these keys a head's signature has to be; empty for any.
    private let keys: Set<AuditPublicKey>
    /// The hash of a line that has to be there.
    private let wanted: Hash256?
    private let files: [ChainFile]

    /// - Parameters:
    ///   - paths: of the logs' files, rotated ones too, in any order.
    ///   - head: `NUMBER:HASH` or the hash alone, as a run told it.
    /// - Throws: ``AuditReadError``
    package init(paths: [String], keys: [AuditPublicKey], head: String?) throws {
        self.keys = Set(keys)
        wanted = head.flatMap { Hash256(hexadecimal: Array($0.utf8.suffix(64))) }
        files = try paths.map { try ChainFile(path: $0) }
    }

    package func verify() throws -> ChainReport { try verify(nil) }

    /// - Parameter visit: is shown each line, in the chains' order, and what is in no chain before them.
    /// - Throws: ``AuditReadError``
    func verify(_ visit: ((ChainVisit) -> Void)?) throws -> ChainReport {
        var report = ChainReport()
        for file in files where file.isCutOff {
            report.find(.altered, "\(file.path) has lost what stood before line \(file.number) of its chain")
        }
        for file in files where file.begin == nil {
            try file.show(visit)
            switch file.content {
            case .nothing: report.find(.note, "\(file.path) is empty")
            case .linked: report.find(.altered, "\(file.path) has lost its first lines")
            case .unlinked:
                report.find(
                    .incomplete,
                    "\(file.path) has no chain, as logs of versions before 0.2 or of other programs"
                )
            }
        }
        if files.allSatisfy({ $0.content == .nothing }) { report.find(.incomplete, "there is no line to verify") }
        var hasWanted = wanted == nil
        let chains = Dictionary(grouping: files.filter { $0.begin != nil }) { $0.begin?.chain ?? "" }
        for (name, files) in chains.sorted(by: { $0.key < $1.key }) {
            var walk = ChainWalk(keys: keys, wanted: wanted, report: report, visit: visit)
            for file in files.sorted(by: { $0.number < $1.number }) { try walk.read(file, chain: name) }
            walk.finish()
            report = walk.report
            if walk.hasWanted { hasWanted = true }
        }
        if !hasWanted {
            report.find(
                .altered,
                "the line with the hash that --head names is in none of these files: the log was cut, or a file is missing"
            )
        }
        return report
    }
}

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
        case nothing, linked, unlinked
    }

    let path: String
    let begin: ChainBegin?
    /// Of its first line that is in a chain.
    let number: Int64
    let content: Content
    /// Whether that line stood elsewhere in the file once.
    let isCutOff: Bool

    /// - Throws: ``AuditReadError``
    init(path: String) throws {
        self.path = path
        var begin: (ChainBegin, Int64)?
        var place: Int64 = 0
        var content = Content.nothing
        try Self.forEach(path) { piece in
            if content == .nothing { content = .unlinked }
            guard let link = ChainLink(line: piece.bytes) else { return true }
            content = .linked
            guard piece.bytes.starts(with: ChainBegin.beginning),
                case .begin(let line) = ChainLine(json: String(decoding: piece.bytes, as: UTF8.self))
            else { return false }
            begin = (line, link.number)
            place = piece.offset
            return false
        }
        self.begin = begin?.0
        number = begin?.1 ?? 0
        isCutOff = begin.map { $0.0.place != place } ?? false
        self.content = content
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
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw AuditReadError(description: "\(path) can't be read; check that it is there, and its permissions")
        }
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
