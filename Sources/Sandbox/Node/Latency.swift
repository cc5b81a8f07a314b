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
