import Foundation
import Logging
package import Purging
import Synchronization
import Telemetry

/// The audit log: a file to which lines are only ever appended, each with one `write(2)` for all lines of a call.
///
/// Several processes may append to one file. Writing and syncing happen on a thread of the file's own.
package final class AuditFile: AuditJournal {
    private let path: String
    /// Tells the lines of this process from those of others.
    private let run: String
    private let queue = FileQueue(label: "purge-old-records.audit")
    private let shouldReopen = Mutex(false)
    private let descriptor: Mutex<Int32>

    /// Opens the file, or makes it, readable for its owner and group.
    ///
    /// - Throws: ``AuditFailure``
    package init(path: String, run: String) throws {
        self.path = path
        self.run = run
        descriptor = Mutex(try Self.open(path))
    }

    deinit { _ = descriptor.withLock { close($0) } }

    /// What is appended from now on goes to a file of the same name that is opened, or made, anew: for rotation.
    package func reopen() { shouldReopen.withLock { $0 = true } }

    package func append(_ entries: [AuditEntry], isDurable: Bool) async throws {
        let time = WallTime.now().rfc3339
        try await queue.run { [self] in
            try reopenIfAsked()
            var text = ""
            for entry in entries {
                text += AuditLine(entry, time: time, run: run).json
                text += "\n"
            }
            do {
                try write(text)
                if isDurable { try sync() }
            } catch {
                // Whoever goes on later must not go on in the middle of a line.
                reopen()
                throw error
            }
        }
    }

    private func reopenIfAsked() throws {
        guard shouldReopen.withLock({ $0 }) else { return }
        let fresh = try Self.open(path)
        // Asked once more from here on, it is done once more.
        shouldReopen.withLock { $0 = false }
        let old = descriptor.withLock { descriptor in
            defer { descriptor = fresh }
            return descriptor
        }
        fdatasync(old)
        close(old)
    }

    private func write(_ text: String) throws {
        var text = text
        let descriptor = descriptor.withLock { $0 }
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno != EINTR {
                    throw Self.failure("write to", path)
                }
            }
        }
    }

    private func sync() throws {
        if fdatasync(descriptor.withLock { $0 }) != 0 {
            // A pipe or a terminal can't be synced, and need not be.
            if errno == EINVAL || errno == ENOSYS { return }
            throw Self.failure("sync", path)
        }
    }

    private static func open(_ path: String) throws -> Int32 {
        let descriptor = Foundation.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("open", path) }
        // The file's name has to be on disk as well.
        let folder = Foundation.open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            defer { close(folder) }
            if fsync(folder) != 0, errno != EINVAL {
                close(descriptor)
                throw failure("sync the folder of", path)
            }
        }
        endTornLine(descriptor)
        return descriptor
    }

    /// A machine that lost power may have left half a line, which must not spoil the next one.
    private static func endTornLine(_ descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
        var last: UInt8 = 0
        guard pread(descriptor, &last, 1, status.st_size - 1) == 1, last != UInt8(ascii: "\n") else { return }
        _ = Foundation.write(descriptor, "\n", 1)
    }

    private static func failure(_ verb: String, _ path: String) -> AuditFailure {
        AuditFailure(
            description: "can't \(verb) the audit log \(path): \(String(cString: strerror(errno)));"
                + " nothing more is sent without it"
        )
    }
}
