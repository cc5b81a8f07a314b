import Foundation
import Purging

/// Finds the intents without an outcome in a log's files; memory grows with what is open, not with the log.
struct OpenIntentScan: Sendable {
    private static let chunk = 1024 * 1024

    private struct Place: Hashable {
        /// A number for the run's name.
        let run: Int
        let uid: Int64
    }

    /// Where an intent's line stands.
    struct Location: Sendable {
        let descriptor: Int32
        let offset: Int64
        let count: Int
        /// How many lines were read before it.
        let number: Int
    }

    private var runs: [String: Int] = [:]
    private var lastRun: (name: [UInt8], number: Int) = ([], -1)
    private var lines = 0
    private var open = OpenIntents<Place, Location>()

    /// In the order of their lines.
    var locations: [Location] { open.all.sorted { $0.number < $1.number } }

    /// Reads a file to its end, without moving its place; older files first.
    mutating func read(_ descriptor: Int32, of path: String) throws(AuditFailure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while true {
            let count = pread(descriptor, buffer.baseAddress, Self.chunk, off_t(offset))
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw AuditFile.failure("read", path) }
            if count == 0 { return }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            var start = 0
            while let end = Self.newline(in: bytes, from: start) {
                note(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), in: descriptor, at: offset + Int64(start))
                start = end + 1
            }
            if start == 0 {
                // The last line has no end; or this one is too long to be one of ours.
                if count < Self.chunk { note(bytes, in: descriptor, at: offset) }
                start = count
            }
            offset += Int64(start)
        }
    }

    private static func newline(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, 10, bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private mutating func note(_ bytes: UnsafeRawBufferPointer, in descriptor: Int32, at offset: Int64) {
        lines += 1
        let event: AuditLine.Event
        let place: Place
        if let head = AuditLineHead(bytes) {
            event = head.event
            place = Place(run: number(ofRun: head.run), uid: head.uid)
        } else if let line = AuditLine(json: String(decoding: bytes, as: UTF8.self)) {
            event = line.event
            place = Place(run: Array(line.run.utf8).withUnsafeBytes { number(ofRun: $0) }, uid: line.uid)
        } else {
            return
        }
        switch event {
        case .intent:
            let location = Location(descriptor: descriptor, offset: offset, count: bytes.count, number: lines)
            open.begin(location, at: place)
        case .outcome:
            _ = open.end(at: place)
        }
    }

    /// Most lines have the same run as the line before.
    private mutating func number(ofRun name: UnsafeRawBufferPointer) -> Int {
        if name.elementsEqual(lastRun.name) { return lastRun.number }
        let text = String(decoding: name, as: UTF8.self)
        let number = runs[text] ?? runs.count
        runs[text] = number
        lastRun = (Array(name), number)
        return number
    }
}

extension OpenIntentScan.Location {
    /// The line itself, read from its file; nil if it can't be read as one.
    var line: AuditLine? {
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(descriptor, &bytes, count, off_t(offset)) == count else { return nil }
        return AuditLine(json: String(decoding: bytes, as: UTF8.self))
    }
}
