/// When a record is tried again: capped exponential backoff with full jitter.
package struct RetryPolicy: Sendable {
    /// Tries for each record and run, the first one included: `--max-attempts`.
    package var maxAttempts = 4
    var firstDelay = Duration.milliseconds(500)
    var longestDelay = Duration.seconds(30)

    package init() {}

    /// A random moment between nothing and the capped exponential delay after `attempts` tries.
    package func delay(afterAttempts attempts: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let doubled = firstDelay * (1 << min(max(attempts - 1, 0), 20))
        return min(doubled, longestDelay) * Double.random(in: 0...1, using: &random)
    }
}
