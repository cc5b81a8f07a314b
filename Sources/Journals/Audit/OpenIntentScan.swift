import Foundation
import Purging

/// Finds the intents without an outcome in a log's files; memory grows with what is open, not with the log.
struct OpenIntentScan: Sendable {
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
        do {
            try RawLines(descriptor: descriptor).forEach { note($0.bytes, in: descriptor, at: $0.offset) }
        } catch {
            throw AuditFailure.of("read", path)
        }
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
