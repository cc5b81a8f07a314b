import Foundation

/// A text file, read line by line; memory grows with its longest line only.
struct LineFile {
    private static let chunk = 256 * 1024
    private static let longestLine = 1024 * 1024

    private let path: String
    private let handle: FileHandle

    /// - Throws: ``AuditReadError``
    init(path: String) throws {
        let descriptor = try AuditReadError.open(path)
        self.init(path: path, handle: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
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

extension AuditReadError {
    private static let gzip: [UInt8] = [0x1F, 0x8B]

    /// Opens a regular file that isn't compressed, for reading; waits for nobody.
    ///
    /// - Throws: ``AuditReadError``
    static func open(_ path: String) throws -> Int32 {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let why =
                path.isEmpty ? "a file's name is empty" : "\(path) can't be read: \(String(cString: strerror(errno)))"
            throw AuditReadError(description: why)
        }
        do {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                let kind = status.st_mode & S_IFMT == S_IFDIR ? "folder" : "pipe or a device"
                throw AuditReadError(description: "\(path) is a \(kind); name a file, as it is read more than once")
            }
            var start: [UInt8] = [0, 0]
            if pread(descriptor, &start, 2, 0) == 2, start == gzip {
                throw AuditReadError(description: "\(path) is compressed; unpack it first: zcat \(path) > FILE")
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }
}
