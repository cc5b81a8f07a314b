import Foundation

/// Reads audit logs line by line; memory doesn't grow with them.
package struct AuditReader: Sendable {
    /// Oldest first, by the time of their first lines.
    private let paths: [String]

    /// - Parameter paths: of one log's files, rotated ones too, in any order.
    /// - Throws: ``AuditReadError``
    package init(paths: [String]) throws {
        let starts = try paths.map { path in
            var first: AuditLine?
            try LineFile(path: path).forEach { line in
                first = AuditLine(json: line)
                return first == nil
            }
            return (path, first?.time ?? "")
        }
        self.paths = starts.sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// Calls the body for each line, in order.
    ///
    /// - Returns: how many lines were no line of an audit log.
    package func forEach(_ body: (AuditLine) -> Void) throws -> Int {
        var unreadable = 0
        for path in paths {
            try LineFile(path: path).forEach { text in
                if let line = AuditLine(json: text) {
                    body(line)
                } else if !text.isEmpty, ChainLine(json: text) == nil {
                    unreadable += 1
                }
                return true
            }
        }
        return unreadable
    }
}

extension AuditReader {
    /// Calls the body for so many lines at a time, in order.
    ///
    /// - Returns: how many lines were no line of an audit log.
    /// - Throws: ``AuditReadError``, and what the body throws.
    func forEachBatch(_ size: Int, _ body: ([AuditLine]) async throws -> Void) async throws -> Int {
        var unreadable = 0
        for path in paths {
            var place: Int64? = 0
            while let start = place {
                var lines: [AuditLine] = []
                place = nil
                try ChainFile.forEach(path, from: start) { piece in
                    if lines.count == size {
                        place = piece.offset
                        return false
                    }
                    let text = String(decoding: piece.bytes, as: UTF8.self)
                    if let line = AuditLine(json: text) {
                        lines.append(line)
                    } else if !text.isEmpty, ChainLine(json: text) == nil {
                        unreadable += 1
                    }
                    return true
                }
                try await body(lines)
            }
        }
        return unreadable
    }
}
