import Foundation
package import Purging
import Synchronization

/// Shards of a SQLite database as locks on files beside it, one for each shard.
///
/// The system frees them when the program ends, however it ends. The files stay, and name who had the lock last.
package final class FileShardLocks: ShardLocks {
    private let database: String
    private let files = Mutex<[Shard: FileHandle]>([:])

    package init(database: String) { self.database = URL(filePath: database).standardizedFileURL.path }

    private func path(of shard: Shard) -> String {
        shard == .whole ? "\(database).purge.lock" : "\(database).shard-\(shard.index)-of-\(shard.count).lock"
    }

    package func tryLock(_ shard: Shard) async throws -> Bool {
        try files.withLock { files in
            if files[shard] != nil { return true }
            let path = path(of: shard)
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            if descriptor < 0 {
                throw StoreError.failed("the lock file \(path) can't be made: \(String(cString: strerror(errno)))")
            }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                if errno == EWOULDBLOCK { return false }
                throw StoreError.failed("the lock file \(path) can't be locked: \(String(cString: strerror(errno)))")
            }
            let name = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
            if ftruncate(descriptor, 0) == 0 { _ = write(descriptor, name, name.count) }
            files[shard] = file
            return true
        }
    }

    package func holder(of shard: Shard) async -> String? {
        let text = try? String(contentsOfFile: path(of: shard), encoding: .utf8)
        return text?.split(separator: "\n").first.map(String.init)
    }

    /// A file that somebody removed protects from nobody who makes a new one.
    package func verify(_ shard: Shard) async throws {
        try files.withLock { files in
            guard let file = files[shard] else { throw ShardLost(shard, why: "its lock file was given up") }
            var (ours, there) = (stat(), stat())
            let path = path(of: shard)
            if fstat(file.fileDescriptor, &ours) != 0 || stat(path, &there) != 0 || ours.st_ino != there.st_ino
                || ours.st_dev != there.st_dev
            {
                files[shard] = nil
                throw ShardLost(shard, why: "its lock file \(path) was removed or replaced")
            }
        }
    }

    package func unlock(_ shard: Shard) async { files.withLock { $0[shard] = nil } }
}
