import SyncTokens
import Synchronization

/// How far the nodes' clocks are from ours, as far as a refused signature made us look.
final class ClockOffsets: Sendable {
    /// Smaller differences don't explain a refusal.
    private static let tolerance = 5.0
    /// A time that nobody signed is believed only this far, in seconds.
    private static let mostUnverified = 86_400.0
    /// A time that the node signed is believed this far: beyond it, a year has no four digits and numbers overflow.
    private static let mostVerified = 50 * 365 * 86_400.0

    private let offsets = Mutex<[ServiceURL: Double]>([:])

    /// Seconds to add to our clock for this node.
    func offset(of target: ServiceURL) -> Double { offsets.withLock { $0[target] ?? 0 } }

    func keep(_ offset: Double, for target: ServiceURL) { offsets.withLock { $0[target] = offset } }

    /// The offset with which to sign once more after a refusal; nil if the clocks don't explain it.
    ///
    /// A Hawk challenge's time counts if its own signature verifies; else the timestamp that every storage node sends.
    static func correction(from headers: ResponseHeaders, hawkKey: String, now: Double, used: Double) -> Double? {
        let verified = headers.challenges.lazy
            .compactMap { try? HawkChallenge(parsing: $0).verifiedTime(key: hawkKey) }
            .first
        guard let theirs = verified.map(Double.init) ?? headers.weaveTimestamp else { return nil }
        let offset = theirs - now
        if abs(offset - used) <= tolerance { return nil }
        return abs(offset) <= (verified == nil ? mostUnverified : mostVerified) ? offset : nil
    }
}
