import Foundation

/// A text file, read line by line; memory grows with its longest line only.
struct LineFile {
    private static let chunk = 256 * 1024
    private static let longestLine = 1024 * 1024

    private let path: String
    private let handle: FileHandle

    /// - Throws: ``AuditReadError``
    init(path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw AuditReadError(description: "\(path) can't be read; check that it is there, and its permissions")
        }
        self.init(path: path, handle: handle)
    }

    /// Reads from the handle's place on.
    init(path: String, handle: FileHandle) {
        self.path = path
        self.handle = handle
    }

    /// - Parameter body: returns false to end.
    func forEach(_ body: (String) throws -> Bool) throws {
        var rest: [UInt8] = []
        while true {
            let chunk: Data
            do {
                chunk = try handle.read(upToCount: Self.chunk) ?? Data()
            } catch {
                throw AuditReadError(description: "\(path) can't be read to its end")
            }
            if chunk.isEmpty { break }
            rest += chunk
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                if try !body(String(decoding: rest[start..<end], as: UTF8.self)) { return }
                start = end + 1
            }
            rest.removeSubrange(..<start)
            if rest.count > Self.longestLine {
                throw AuditReadError(description: "\(path) has a line that is too long to be one of ours")
            }
        }
        if !rest.isEmpty { _ = try body(String(decoding: rest, as: UTF8.self)) }
    }
}

/// A file that can't be read, and why.
package struct AuditReadError: Error, Sendable, CustomStringConvertible {
    package let description: String
}
