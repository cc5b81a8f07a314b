import Foundation
package import Purging

/// What the end of an audit log says was there, and was deleted: enough to tell that a database is older than the log.
package struct AuditTail: Sendable {
    /// So much of each file is read.
    private static let length: UInt64 = 512 * 1024

    /// A record as it was when it was deleted.
    package struct Deleted: Sendable, Equatable {
        package let uid: UID
        package let node: NodeID
        package let replacedAt: Timestamp
    }

    /// The last deletions, the newest last.
    package private(set) var deleted: [Deleted] = []
    /// Reads the ends of the file and of the one that it was last rotated to; a file that is missing says nothing.
    ///
    /// - Throws: ``AuditReadError``
    package init(path: String) throws {
        for path in [RotatedFile.last(of: path), path].compactMap({ $0 }) { try read(path) }
    }

    private mutating func read(_ path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { return }
        defer { try? handle.close() }
        guard let end = try? handle.seekToEnd() else { return }
        let begin = end > Self.length ? end - Self.length : 0
        try? handle.seek(toOffset: begin)
        var isFirst = begin > 0
        try LineFile(path: path, handle: handle).forEach { text in
            // The first of them is torn.
            if !isFirst, let line = AuditLine(json: text) { note(line) }
            isFirst = false
            return true
        }
    }

    private mutating func note(_ line: AuditLine) {
        let record = Deleted(uid: UID(line.uid), node: NodeID(line.nodeID), replacedAt: Timestamp(line.replacedAt))
        if line.event == .outcome, line.record == AuditOutcome.RecordFate.deleted.rawValue { deleted.append(record) }
    }
}
