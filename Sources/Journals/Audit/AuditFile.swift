import Foundation
import Logging
package import Purging
import Synchronization
import Telemetry
import Support

/// The audit log: a file to which lines are only ever appended, each with one `write(2)` for all lines of a call.
///
/// Several processes may append to one file; each holds a shared ``LogLock`` on it. Writing and syncing happen on a
/// thread of the file's own.
package final class AuditFile: AuditJournal {
    let path: String
    /// Tells the lines of this process from those of others.
    let run: String
    let queue = SerialQueue(label: "purge-old-records.audit")
    private let shouldReopen = Mutex(false)
    private let file: Mutex<OpenFile>

    private struct OpenFile {
        var descriptor: Int32
        /// Whether we hold the shared lock.
        var isShared = false
    }

    /// Opens the file, or makes it, readable for its owner and group.
    ///
    /// - Throws: ``AuditFailure``
    package init(path: String, run: String) throws {
        self.path = path
        self.run = run
        file = Mutex(OpenFile(descriptor: try Self.open(path)))
    }

    deinit { _ = file.withLock { close($0.descriptor) } }

    var descriptor: Int32 { file.withLock { $0.descriptor } }

    /// What is appended from now on goes to a file of the same name that is opened, or made, anew: for rotation.
    package func reopen() { shouldReopen.withLock { $0 = true } }

    package func append(_ entries: [AuditEntry], isDurable: Bool) async throws {
        let time = WallTime.now().rfc3339
        try await queue.run { [self] in
            try reopenIfAsked()
            try share()
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
        // The old one's lock is given back only once we have the new one's.
        guard LogLock.share(fresh) else {
            close(fresh)
            throw Self.tooLongLocked(path)
        }
        // Asked once more from here on, it is done once more.
        shouldReopen.withLock { $0 = false }
        let old = file.withLock { file in
            defer { file = OpenFile(descriptor: fresh, isShared: true) }
            return file.descriptor
        }
        fdatasync(old)
        close(old)
    }

    /// From now on others know that a process is alive that may write to the file.
    func share() throws {
        if file.withLock({ $0.isShared }) { return }
        guard LogLock.share(descriptor) else { throw Self.tooLongLocked(path) }
        file.withLock { $0.isShared = true }
    }

    func write(_ text: String) throws {
        var text = text
        let descriptor = descriptor
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

    func sync() throws {
        if fdatasync(descriptor) != 0 {
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

    private static func tooLongLocked(_ path: String) -> AuditFailure {
        AuditFailure(
            description: "the audit log \(path) stays locked by another process; end that one, or name another file"
        )
    }

    static func failure(_ verb: String, _ path: String) -> AuditFailure {
        AuditFailure(
            description: "can't \(verb) the audit log \(path): \(String(cString: strerror(errno)));"
                + " nothing more is sent without it"
        )
    }
}
