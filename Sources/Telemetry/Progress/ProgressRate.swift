#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How fast a count has been growing lately: an average in which a second weighs less the longer ago it was.
///
/// A pure value. What was ten seconds ago weighs about a third of what is now. Young averages are divided by the
/// weight they have gathered, so that they don't start too low.
struct ProgressRate {
    private static let memoryInSeconds = 10.0
    private static let secondsUntilMeaningful = 1.0

    private var count: Int
    private var time: Duration
    private var observed = 0.0
    private var average = 0.0
    private var weight = 0.0

    init(count: Int = 0, at time: Duration) {
        self.count = count
        self.time = time
    }

    /// Nil until a second of growth has been seen.
    var perSecond: Double? {
        observed >= Self.secondsUntilMeaningful ? average / weight : nil
    }

    /// Notes the count at a time. A count below the last one starts the observation anew.
    mutating func record(_ newCount: Int, at now: Duration) {
        guard newCount >= count else {
            self = ProgressRate(count: newCount, at: now)
            return
        }
        let elapsed = (now - time) / .seconds(1)
        guard elapsed > 0 else { return }
        let kept = exp(-elapsed / Self.memoryInSeconds)
        average = average * kept + Double(newCount - count) / elapsed * (1 - kept)
        weight = weight * kept + (1 - kept)
        observed += elapsed
        count = newCount
        time = now
    }
}
