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
    private var chain = ChainState()
    /// Up to where the file was read; nil before its first use.
    private var end: Int64?

    /// Whether we hold the shared ``LogLock``.
    var isShared = false

    init(path: String, descriptor: Int32, writer: ChainWriter) {
        self.path = path
        self.descriptor = descriptor
        self.writer = writer
    }

    /// The same log under its name, in a file that was opened anew. What is left behind is sealed.
    ///
    /// - Parameter fresh: its descriptor.
    func reopened(_ fresh: Int32) -> ChainedFile {
        var old = self
        // On a full disk it is no worse off than without.
        _ = try? old.seal()
        var new = ChainedFile(path: path, descriptor: fresh, writer: writer)
        guard old.end != nil else { return new }
        new.chain = old.chain
        new.end = old.end
        if FileIdentity(fresh) != FileIdentity(descriptor) {
            new.end = 0
            new.chain.goOnElsewhere()
        }
        return new
    }

    /// Appends lines, tied to what is there.
    ///
    /// - Throws: ``AuditFailure``
    mutating func append(_ lines: [String]) throws {
        if lines.isEmpty { return }
        try change { chain, writer, text in
            for line in lines { chain.write(line, by: writer, to: &text) }
        }
    }

    /// Appends a head over all since the last one.
    ///
    /// - Returns: the head's number and hash; nil if nothing was appended since the last one.
    mutating func seal() throws -> AuditHead? {
        // Nothing of ours is in it.
        guard end != nil else { return nil }
        var head: AuditHead?
        try change { chain, writer, text in
            if chain.isSealed { return }
            try chain.seal(by: writer, to: &text)
            head = AuditHead(number: chain.number, hash: chain.last.hexadecimal, isSigned: writer.key != nil)
        }
        return head
    }

    private mutating func change(_ body: (inout ChainState, ChainWriter, inout AppendedText) throws -> Void) throws {
        let lock = FolderLock(ofFile: path)
        defer { lock.release() }
        let isTorn = try catchUp()
        var text = AppendedText(at: end ?? 0)
        if isTorn { text.append("") }
        var next = chain
        try body(&next, writer, &text)
        if text.text.isEmpty { return }
        try write(text.text)
        // A file that isn't regular has no place; its end is what we wrote.
        let place = Int64(lseek(descriptor, 0, SEEK_CUR))
        // If others wrote in between, what is there now is read next time as any other's.
        if place < 0 || place == text.end || !LogLock.isRegular(descriptor) {
            chain = next
            end = text.end
        }
    }

    // MARK: What is there

    /// - Returns: whether the last line lacks its line feed.
    private mutating func catchUp() throws -> Bool {
        guard LogLock.isRegular(descriptor) else {
            end = end ?? 0
            return false
        }
        var status = stat()
        fstat(descriptor, &status)
        let size = Int64(status.st_size)
        if let end, size == end { return false }
        do {
            var from: Int64
            if let end {
                from = size < end ? 0 : end
                if size < end { try follow(rotated: path + ".1") }
            } else if size == 0 {
                from = 0
                try follow(rotated: path + ".1")
            } else {
                (chain, from) = try Self.afterLastHead(descriptor)
            }
            var isTorn = false
            var isTied = false
            try RawLines(descriptor: descriptor, start: from, end: size).forEach { piece in
                isTied = chain.read(piece.bytes, isEnded: piece.isEnded) != .none
                isTorn = !piece.isEnded
                from = piece.offset + Int64(piece.bytes.count) + (piece.isEnded ? 1 : 0)
            }
            end = from
            if isTorn, !isTied { chain.endTornLine() }
            return isTorn
        } catch {
            throw AuditFile.failure("read", path)
        }
    }

    /// Goes on where the file ends that this one was last rotated to, if that is further than what is known.
    private mutating func follow(rotated path: String) throws {
        defer { chain.goOnElsewhere() }
        let rotated = open(path, O_RDONLY | O_CLOEXEC)
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
                    throw AuditFile.failure("write to", path)
                }
            }
        }
    }

    func sync() throws {
        if fdatasync(descriptor) != 0 {
            // A pipe or a terminal can't be synced, and need not be.
            if errno == EINVAL || errno == ENOSYS { return }
            throw AuditFile.failure("sync", path)
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
/// Where a folder can't be locked, or stays locked for two seconds, it is done without: lines that came in between are
/// outside of the chain then, and the chain names them.
private struct FolderLock {
    private static let patience = Duration.seconds(2)

    private let descriptor: Int32

    init(ofFile path: String) {
        descriptor = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let deadline = ContinuousClock.now + Self.patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR,
            ContinuousClock.now < deadline
        {
            usleep(500)
        }
    }

    func release() {
        if descriptor >= 0 { close(descriptor) }
    }
}
