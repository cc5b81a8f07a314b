/// Why nothing new is sent for a while, though a run goes on.
package enum PauseReason: Sendable, Equatable, CustomStringConvertible {
    /// The file of `--pause-file` exists.
    case file(String)
    /// That can't be told, for this reason.
    case unknownFile(String, problem: String)
    /// It is a time outside of every `--window`; the next one opens then, if that can be told.
    case outsideWindows(opensAt: String?)

    package var description: String {
        switch self {
        case .file(let path): "the pause file \(path) exists"
        case .unknownFile(let path, let problem): "nobody can tell whether the pause file \(path) exists: \(problem)"
        case .outsideWindows(let time):
            "it is outside of every --window\(time.map { ", the next of which opens at \($0)" } ?? "")"
        }
    }
}

/// Tells whether a run may send.
package protocol PauseSource: Sendable {
    /// Called once a second; quick, and without errors: what can't be told counts as a reason to pause.
    ///
    /// - Returns: nil if it may.
    func reason(at now: Timestamp) -> PauseReason?
}
