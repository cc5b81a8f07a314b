/// The clocks: a monotonic one for pacing, the wall's for what is compared with the database.
package protocol TimeSource: Sendable {
    var now: ContinuousClock.Instant { get }
    var wallTime: Timestamp { get }

    /// Returns at `deadline`, or earlier when the task is cancelled.
    func sleep(until deadline: ContinuousClock.Instant) async
}
