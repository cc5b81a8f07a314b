import Foundation

/// The advisory lock on a file of the audit log, `flock(2)`: every process holds a shared one for as long as it may
/// write, so whoever has an exclusive one knows that no other process that wrote to the file is alive.
///
/// A lock ends with its descriptor. Pipes and terminals have none, nor do all file systems.
enum LogLock {
    /// How long others may be busy with closing intents.
    private static let patience = Duration.seconds(120)

    /// Takes the exclusive lock if nobody else has any; doesn't wait.
    static func tryExclusive(_ descriptor: Int32) -> Bool {
        isRegular(descriptor) && apply(LOCK_EX | LOCK_NB, descriptor) == 0
    }

    /// Takes the shared lock, or makes an exclusive one shared; waits while somebody else has an exclusive one. A file
    /// system without locks is no reason not to write.
    ///
    /// - Returns: false if it took too long.
    static func share(_ descriptor: Int32) -> Bool {
        guard isRegular(descriptor) else { return true }
        let deadline = ContinuousClock.now + patience
        while apply(LOCK_SH | LOCK_NB, descriptor) == EWOULDBLOCK {
            if ContinuousClock.now >= deadline { return false }
            usleep(20_000)
        }
        return true
    }

    static func isRegular(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// - Returns: 0, or what went wrong.
    private static func apply(_ operation: Int32, _ descriptor: Int32) -> Int32 {
        while flock(descriptor, operation) != 0 {
            if errno != EINTR { return errno }
        }
        return 0
    }
}
