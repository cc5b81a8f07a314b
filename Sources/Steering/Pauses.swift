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

    package func reason(at now: Timestamp) -> PauseReason? {
        if let file, let reason = Self.reason(file) { return reason }
        let date = Date(timeIntervalSince1970: Double(now.rawValue) / 1000)
        if !windows.isEmpty, !windows.contains(where: { $0.contains(date) }) {
            let opening = windows.compactMap { $0.opening(after: date) }.min()
            return .outsideWindows(opensAt: opening.map { $0.formatted(.iso8601) })
        }
        return nil
    }

    /// What can't be told, as the folder is not ours to look into, counts as a reason. A link to nothing exists.
    private static func reason(_ path: String) -> PauseReason? {
        var information = stat()
        if lstat(path, &information) == 0 { return .file(path) }
        let error = errno
        return error == ENOENT || error == ENOTDIR
            ? nil : .unknownFile(path, problem: String(cString: strerror(error)))
    }
}
