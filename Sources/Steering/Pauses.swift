import Foundation
package import Purging

/// The pauses that an operator can ask for: by a file, and by windows of time.
package struct Pauses: PauseSource {
    private let file: String?
    private let windows: [TimeWindow]

    /// - Parameters:
    ///   - file: while something exists there, nothing is sent.
    ///   - windows: outside of all of them, nothing is sent; none for always.
    package init(file: String?, windows: [TimeWindow]) {
        self.file = file
        self.windows = windows
    }

    package func reason(at now: Milliseconds) -> PauseReason? {
        if let file, Self.exists(file) { return .file(file) }
        let date = Date(timeIntervalSince1970: Double(now.rawValue) / 1000)
        if !windows.isEmpty, !windows.contains(where: { $0.contains(date) }) { return .outsideWindows }
        return nil
    }

    /// What can't be told, as the folder is not ours to look into, counts as existing. A link to nothing exists.
    private static func exists(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0 || (errno != ENOENT && errno != ENOTDIR)
    }
}
