/// Why nothing new is sent for a while, though a run goes on.
package enum PauseReason: Sendable, Equatable, CustomStringConvertible {
    /// The file of `--pause-file` exists.
    case file(String)
    /// That can't be told, for this reason.
    case unknownFile(String, problem: String)
    /// The file of `--pause-file` exists, and says what nobody understands.
    case unclearFile(String)
    /// It is a time outside of every `--window`; the next one opens then, if that can be told.
    case outsideWindows(opensAt: String?)
    /// Something outside is to be spared: which brake says so, and what it found.
    case throttled(by: String, found: String)

    /// Whether it is a brake's doing, and nobody's word.
    package var isThrottle: Bool { if case .throttled = self { true } else { false } }

    /// Whether it is the same reason, though a brake may have found another number.
    func isLike(_ other: PauseReason?) -> Bool {
        if case .throttled(let brake, _) = self, case .throttled(let otherBrake, _) = other {
            return brake == otherBrake
        }
        return self == other
    }

    package var description: String {
        switch self {
        case .throttled(let brake, let found): "\(brake): \(found)"
        case .file(let path): "the pause file \(path) exists"
        // Its content may be anything, a secret too.
        case .unclearFile(let path):
            "the pause file \(path) says neither \"rate N\" nor \"N%\", so it counts as a stop"
        case .unknownFile(let path, let problem): "nobody can tell whether the pause file \(path) exists: \(problem)"
        case .outsideWindows(let time):
            "it is outside of every --window\(time.map { ", the next of which opens at \($0)" } ?? "")"
        }
    }
}

/// What a run is told from outside, while it goes on.
package struct SendOrders: Sendable, Equatable {
    /// Why nothing may be sent; nil if it may.
    package var pause: PauseReason?
    /// Deletions of service data per second, at most; nil for no other limit than `--max-rate`.
    package var maxRate: Double?
    /// The share of each node's limit that may be used.
    package var share = 1.0
    /// Why the run must end at once; nil if it need not.
    package var emergency: String?

    package init(pause: PauseReason? = nil) { self.pause = pause }
}

/// Tells whether a run may send.
package protocol PauseSource: Sendable {
    /// Called once a second; quick, and without errors: what can't be told counts as a reason to pause.
    ///
    /// - Returns: nil if it may.
    func reason(at now: Timestamp) -> PauseReason?

    /// The same with limits, for a run, which must not be blocked; ``reason(at:)`` alone by default.
    func orders(at now: Timestamp) async -> SendOrders
}

extension PauseSource {
    package func orders(at now: Timestamp) async -> SendOrders { SendOrders(pause: reason(at: now)) }
}
