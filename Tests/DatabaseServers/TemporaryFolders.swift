import Foundation
import Synchronization

/// The folders of this process's servers, which must not stay behind.
enum TemporaryFolders {
    private static let known = Mutex<[URL: ServerRun?]>([:])

    /// Registered once, before the first folder is made.
    private static let removalAtExit: Void = {
        atexit { TemporaryFolders.removeAll() }
    }()

    /// Makes an empty folder with a path short enough for sockets in it.
    static func make() throws -> URL {
        removalAtExit
        var template = Array("/tmp/tsdb-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EACCES)
        }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let folder = URL(filePath: path, directoryHint: .isDirectory)
        known.withLock { $0[folder] = .some(nil) }
        return folder
    }

    /// Tells which run must have ended before the folder can be removed.
    static func note(_ folder: URL, usedBy run: ServerRun) {
        known.withLock { $0[folder] = .some(run) }
    }

    /// Ends the run, if one is under way, and then removes the folder; returns before.
    static func discard(_ folder: URL, usedBy run: ServerRun?) {
        guard let run else { return remove(folder) }
        run.closeInput()
        run.whenEnded { remove(folder) }
    }

    private static func remove(_ folder: URL) {
        try? FileManager.default.removeItem(at: folder)
        known.withLock { _ = $0.removeValue(forKey: folder) }
    }

    private static func removeAll() {
        let folders = known.withLock { $0 }
        for case let run? in folders.values { run.closeInput() }
        // A server that was suspended is killed by its script after 10 seconds.
        let deadline = ContinuousClock.now + .seconds(15)
        for (folder, run) in folders {
            while let run, !run.hasEnded, ContinuousClock.now < deadline { usleep(5000) }
            remove(folder)
        }
    }
}
