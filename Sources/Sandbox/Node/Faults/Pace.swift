/// How long a node takes before it looks at a request.
package struct Latency: Sendable, Hashable {
    package var fixed: Duration
    /// Up to this much more, evenly spread.
    package var jitter: Duration

    package init(_ fixed: Duration, jitter: Duration = .zero) {
        self.fixed = fixed
        self.jitter = jitter
    }

    func draw(using generator: inout some RandomNumberGenerator) -> Duration {
        jitter > .zero ? fixed + jitter * Double.random(in: 0...1, using: &generator) : fixed
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

/// How many more requests a limited rate lets through at an instant.
struct RateAllowance {
    private let perSecond: Double
    private let burst: Double
    private var available: Double
    private var updated: ContinuousClock.Instant?

    init(perSecond: Double) {
        self.perSecond = perSecond
        burst = max(1, perSecond / 10)
        available = perSecond > 0 ? burst : 0
    }

    /// Takes one request's worth, if there is that much.
    mutating func take(at now: ContinuousClock.Instant) -> Bool {
        if let updated, updated < now {
            let earned = perSecond * ((now - updated) / .seconds(1))
            available = min(burst, available + earned)
        }
        updated = max(updated ?? now, now)
        guard available >= 1 else { return false }
        available -= 1
        return true
    }
}
