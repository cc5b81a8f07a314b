import Foundation

/// A part of a file, line by line as it stands there; memory doesn't grow with its lines.
struct RawLines {
    private static let chunk = 1024 * 1024

    /// A line without its line feed, or a piece of one that is longer than any of ours.
    struct Piece {
        let bytes: UnsafeRawBufferPointer
        /// Where it begins in the file.
        let offset: Int64
        /// Whether a line feed follows.
        let isEnded: Bool
    }

    let descriptor: Int32
    var start: Int64 = 0
    /// Up to here; nil for the file's end.
    var end: Int64?

    /// Reads without moving the descriptor's place.
    ///
    /// - Throws: an `errno`, and what the body throws.
    func forEach(_ body: (Piece) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { buffer.deallocate() }
        var offset = start
        while true {
            let wanted = min(Int64(Self.chunk), (end ?? .max) - offset)
            let count = wanted > 0 ? pread(descriptor, buffer.baseAddress, Int(wanted), off_t(offset)) : 0
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw POSIXError(POSIXError.Code(rawValue: errno) ?? .EIO) }
            if count == 0 { return }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            var place = 0
            while let feed = Self.lineFeed(in: bytes, from: place) {
                let line = UnsafeRawBufferPointer(rebasing: bytes[place..<feed])
                try body(Piece(bytes: line, offset: offset + Int64(place), isEnded: true))
                place = feed + 1
            }
            if place == 0 {
                // The last line has no end; or this one is too long to be one of ours.
                try body(Piece(bytes: bytes, offset: offset, isEnded: false))
                place = count
            }
            offset += Int64(place)
        }
    }

    static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, 10, bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Whether the bytes occur in a line.
    static func has(_ bytes: [UInt8], in line: UnsafeRawBufferPointer) -> Bool {
        guard let base = line.baseAddress, let first = bytes.first else { return false }
        var start = 0
        while start + bytes.count <= line.count,
            let found = memchr(base + start, Int32(first), line.count - start - bytes.count + 1)
        {
            if memcmp(found, bytes, bytes.count) == 0 { return true }
            start = UnsafeRawPointer(found) - base + 1
        }
        return false
    }

    /// The last line that begins like this and has an end, and where the next one begins.
    static func last(beginning: [UInt8], in descriptor: Int32) throws -> (line: [UInt8], next: Int64)? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        var end = Int64(status.st_size)
        // So much of the next block is read with each, that no line's beginning is cut.
        let overlap = Int64(beginning.count + 1)
        while end > 0 {
            let start = max(0, end - Int64(chunk))
            var found: (offset: Int64, count: Int)?
            try RawLines(descriptor: descriptor, start: start, end: min(Int64(status.st_size), end + overlap)).forEach {
                piece in
                // Whatever the block begins with is the rest of a line, unless it is the file's first.
                if piece.offset == start, start > 0 { return }
                if piece.bytes.starts(with: beginning) { found = (piece.offset, piece.bytes.count) }
            }
            if let found, let line = try line(in: descriptor, at: found.offset) { return line }
            end = start
        }
        return nil
    }

    private static func line(in descriptor: Int32, at offset: Int64) throws -> (line: [UInt8], next: Int64)? {
        var result: (line: [UInt8], next: Int64)?
        try RawLines(descriptor: descriptor, start: offset, end: offset + Int64(chunk)).forEach { piece in
            if piece.offset == offset, piece.isEnded {
                result = (Array(piece.bytes), offset + Int64(piece.bytes.count) + 1)
            }
        }
        return result
    }
}
