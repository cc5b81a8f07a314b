import Foundation
import Logging
package import Purging
import Synchronization
import Telemetry
import Support

/// The audit log: a file to which lines are only ever appended, each with one `write(2)` for all lines of a call, and
/// each tied to the one before.
///
/// Several processes may append to one file; each holds a shared ``LogLock`` on it. Writing and syncing happen on a
/// thread of the file's own.
package final class AuditFile: AuditJournal {
    let path: String
    /// Tells the lines of this process from those of others.
    let run: String
    let pseudonyms: AuditPseudonyms?
    let queue = SerialQueue(label: "purge-old-records.audit")
    private let shouldReopen = Mutex(false)
    private let file: Mutex<ChainedFile>

    /// Opens the file, or makes it, readable for its owner and group.
    ///
    /// - Parameters:
    ///   - key: what signs the heads; nil for heads without a signature.
    ///   - pseudonyms: names accounts; nil for lines without the account.
    /// - Throws: ``AuditFailure``
    package init(
        path: String,
        run: String,
        version: String = "",
        key: AuditKey? = nil,
        pseudonyms: AuditPseudonyms? = nil
    ) throws {
        self.path = path
        self.run = run
        self.pseudonyms = pseudonyms
        let writer = ChainWriter(run: run, version: version, key: key, names: pseudonyms?.check)
        file = Mutex(ChainedFile(path: path, descriptor: try Self.open(path), writer: writer))
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
            let lines = entries.map { entry in
                AuditLine(entry, time: time, run: run, account: entry.email.flatMap { pseudonyms?.name($0) }).json
            }
            do {
                try write(lines)
                if isDurable { try sync() }
            } catch {
                // Whoever goes on later may find another file there.
                reopen()
                throw error
            }
        }
    }

    package func seal() async throws -> AuditHead? {
        try await queue.run { [self] in
            guard let head = file.withLock({ $0.takeHead() }) else { return nil }
            try sync()
            return head
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
            let old = file.descriptor
            file = file.reopened(fresh)
            file.isShared = true
            return old
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

    /// Appends lines of JSON, each tied to the one before.
    func write(_ lines: [String]) throws { try file.withLock { try $0.append(lines) } }

    func sync() throws { try file.withLock { try $0.sync() } }

    private static func open(_ path: String) throws -> Int32 {
        let descriptor = Foundation.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw AuditFailure.of("open", path) }
        // The file's name has to be on disk as well.
        let folder = Foundation.open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            defer { close(folder) }
            if fsync(folder) != 0, errno != EINVAL {
                close(descriptor)
                throw AuditFailure.of("sync the folder of", path)
            }
        }
        return descriptor
    }

    private static func tooLongLocked(_ path: String) -> AuditFailure {
        AuditFailure(
            description: "the audit log \(path) stays locked by another process; end that one, or name another file"
        )
    }
}
