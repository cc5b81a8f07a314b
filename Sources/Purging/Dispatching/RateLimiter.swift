/// `--max-rate`: deletions of service data per second, over all nodes, evenly spaced.
struct RateLimiter: Sendable {
    typealias Instant = ContinuousClock.Instant

    let perSecond: Double?
    private let spacing: Duration?
    private var next: Instant?

    /// - Parameter perSecond: nil for no limit.
    init(perSecond: Double?) {
        self.perSecond = perSecond
        spacing = perSecond.map { .seconds(1 / $0) }
    }

    var isLimiting: Bool { spacing != nil }

    /// Nil if one may go now; else when one may.
    func wait(at now: Instant) -> Instant? {
        guard spacing != nil, let next, next > now else { return nil }
        return next
    }

    /// One was sent. Time that was not used is not saved up, apart from a tenth of a second that evens out wake-ups.
    mutating func spend(at now: Instant) {
        guard let spacing else { return }
        next = max(next ?? now, now - .milliseconds(100)) + spacing
    }
}
