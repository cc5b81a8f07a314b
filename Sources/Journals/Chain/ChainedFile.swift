import Foundation
import Purging
import Support

/// The file that is appended to, and the end of its chain. Used on one thread at a time.
///
/// What others appended meanwhile is read first, so that several processes make one chain; a file that was emptied, or
/// a new one, goes on with the chain of what was there before.
struct ChainedFile: Sendable {
    let path: String
    let descriptor: Int32
    private let writer: ChainWriter
    private var folder: FolderLock
    private var chain = ChainState()
    /// Up to where the file was read; nil before its first use.
    private var end: Int64?
    /// What the file's last line is if it lacks its line feed.
    private var tornEnd: TornEnd?
    /// Ours, since it was asked for.
    private var head: AuditHead?

    private enum TornEnd {
        case tied, outside
    }

    /// Whether we hold the shared ``LogLock``.
    var isShared = false

    init(path: String, descriptor: Int32, writer: ChainWriter) {
        self.path = path
        self.descriptor = descriptor
        self.writer = writer
        folder = FolderLock(ofFile: path)
    }

    /// The same log under its name, in a file that was opened anew.
    ///
    /// - Parameter fresh: its descriptor.
    func reopened(_ fresh: Int32) -> ChainedFile {
        var new = ChainedFile(path: path, descriptor: fresh, writer: writer)
        guard end != nil else { return new }
        (new.chain, new.end, new.tornEnd, new.head) = (chain, end, tornEnd, head)
        if FileIdentity(fresh) != FileIdentity(descriptor) {
            (new.end, new.tornEnd) = (0, nil)
            new.chain.goOnElsewhere()
        }
        return new
    }

    /// Appends lines, tied to what is there, and a head that stands for them.
    ///
    /// - Throws: ``AuditFailure``
    mutating func append(_ lines: [String]) throws {
        if lines.isEmpty { return }
        folder.lock()
        defer { folder.release() }
        try catchUp()
        var text = AppendedText(at: end ?? 0)
        var next = chain
        if let tornEnd {
            text.append("")
            if tornEnd == .outside { next.endTornLine() }
        }
        for line in lines { next.write(line, by: writer, to: &text) }
        try next.seal(by: writer, to: &text)
        try write(text.text)
        // A file that isn't regular has no place; its end is what we wrote.
        let place = Int64(lseek(descriptor, 0, SEEK_CUR))
        // If others wrote in between, what is there now is read next time as any other's.
        if place < 0 || place == text.end || !LogLock.isRegular(descriptor) {
            (chain, end, tornEnd) = (next, text.end, nil)
            head = AuditHead(number: chain.number, hash: chain.last.hexadecimal, isSigned: writer.key != nil)
        }
    }

    /// The last head of ours, once.
    mutating func takeHead() -> AuditHead? {
        defer { head = nil }
        return head
    }

    // MARK: What is there

    private mutating func catchUp() throws {
        guard LogLock.isRegular(descriptor) else {
            end = end ?? 0
            return
        }
        var status = stat()
        fstat(descriptor, &status)
        let size = Int64(status.st_size)
        if let end, size == end { return }
        do {
            var from: Int64
            if let end {
                from = size < end ? 0 : end
                if size < end { try follow() }
            } else if size == 0 {
                from = 0
                try follow()
            } else {
                (chain, from) = try Self.afterLastHead(descriptor)
            }
            // The line feed of a line that was there before it.
            if tornEnd == .tied, from == end, hasLineFeed(at: from) { from += 1 }
            try read(from, to: size)
            if chain.chain == nil, size > 0 {
                // Nothing here is in a chain: if there is one in what was rotated, this is behind it.
                try follow()
                if chain.chain != nil { try read(0, to: size) }
            }
            // Nobody stands for them, and what we write must not seem to.
            if chain.unsealed > 0 { chain.goOnElsewhere() }
        } catch {
            throw AuditFailure.of("read", path)
        }
    }

    private mutating func read(_ start: Int64, to size: Int64) throws {
        var from = start
        tornEnd = nil
        try RawLines(descriptor: descriptor, start: from, end: size).forEach { piece in
            let isTied = chain.read(piece.bytes, isEnded: piece.isEnded) != .none
            tornEnd = piece.isEnded ? nil : isTied ? .tied : .outside
            from = piece.offset + Int64(piece.bytes.count) + (piece.isEnded ? 1 : 0)
        }
        end = from
    }

    private func hasLineFeed(at place: Int64) -> Bool {
        var byte: UInt8 = 0
        return pread(descriptor, &byte, 1, off_t(place)) == 1 && byte == UInt8(ascii: "\n")
    }

    /// Goes on where the file ends that this one was last rotated to, if that is further than what is known.
    private mutating func follow() throws {
        defer { chain.goOnElsewhere() }
        guard let path = RotatedFile.last(of: path) else { return }
        let rotated = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard rotated >= 0 else { return }
        defer { close(rotated) }
        var (other, from) = try Self.afterLastHead(rotated)
        try RawLines(descriptor: rotated, start: from).forEach { piece in
            other.read(piece.bytes, isEnded: piece.isEnded)
            from = piece.offset
        }
        if other.chain != nil, chain.chain == nil || chain.chain == other.chain && other.number > chain.number {
            chain = other
        }
    }

    private static func afterLastHead(_ descriptor: Int32) throws -> (ChainState, Int64) {
        if let (line, next) = try RawLines.last(beginning: HeadSeal.beginning, in: descriptor),
            let state = line.withUnsafeBytes({ ChainState(after: $0) })
        {
            return (state, next)
        }
        return (ChainState(), 0)
    }

    // MARK: Writing

    private func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno != EINTR {
                    throw AuditFailure.of("write to", path)
                }
            }
        }
    }

    func sync() throws {
        if fdatasync(descriptor) != 0 {
            // A pipe or a terminal can't be synced, and need not be.
            if errno == EINVAL || errno == ENOSYS { return }
            throw AuditFailure.of("sync", path)
        }
    }
}

/// Which file a descriptor stands for, whatever it is called.
private struct FileIdentity: Equatable {
    let device: UInt64
    let number: UInt64

    init(_ descriptor: Int32) {
        var status = stat()
        fstat(descriptor, &status)
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}

/// Keeps processes that append to the files of one folder from doing it at once: an exclusive `flock(2)` on the folder,
/// for as long as a write takes. The files themselves have shared locks on them all the time.
///
/// Where a folder can't be locked, or stays locked for two seconds, it is done without from then on: lines that came in between are
/// outside of the chain then, and the chain names them.
private struct FolderLock {
    private static let patience = Duration.seconds(2)

    private let path: String
    private var descriptor: Int32 = -1
    /// Somebody else keeps it, and would cost each write the whole time.
    private var isGivenUp = false

    init(ofFile path: String) {
        self.path = URL(filePath: path).deletingLastPathComponent().path
    }

    mutating func lock() {
        if isGivenUp { return }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let deadline = ContinuousClock.now + Self.patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
            if ContinuousClock.now >= deadline {
                isGivenUp = true
                return
            }
            usleep(500)
        }
    }

    mutating func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
