/// Why nothing new is sent for a while, though a run goes on.
package enum PauseReason: Sendable, Equatable, CustomStringConvertible {
    /// The file of `--pause-file` exists.
    case file(String)
    /// That can't be told, for this reason.
    case unknownFile(String, problem: String)
    /// It is a time outside of every `--window`.
    case outsideWindows

    package var description: String {
        switch self {
        case .file(let path): "the pause file \(path) exists"
        case .unknownFile(let path, let problem): "nobody can tell whether the pause file \(path) exists: \(problem)"
        case .outsideWindows: "it is outside of every --window"
        }
    }
}

/// Tells whether a run may send.
package protocol PauseSource: Sendable {
    /// Called once a second; quick, and without errors: what can't be told counts as a reason to pause.
    ///
    /// - Returns: nil if it may.
    func reason(at now: Milliseconds) -> PauseReason?
}
