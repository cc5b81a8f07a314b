import Purging
import Synchronization
import Testing

/// A wall clock that stands still, and a monotonic one that is moved by hand, or moves whenever it is read, or is the
/// machine's.
final class TestTime: TimeSource {
    let wallTime: Timestamp
    private let stride: Duration?
    private let reading = Mutex(ContinuousClock.now)

    /// - Parameter stride: how far the monotonic clock moves when it is read; nil for the machine's clock.
    init(wallSeconds: Double = Fixture.now, stride: Duration? = .zero) {
        wallTime = Timestamp(Int64(wallSeconds * 1000))
        self.stride = stride
    }

    var now: ContinuousClock.Instant {
        guard let stride else { return .now }
        return reading.withLock { reading in
            reading += stride
            return reading
        }
    }

    /// Moves the monotonic clock, unless it is the machine's.
    func advance(by duration: Duration) { reading.withLock { $0 += duration } }

    /// The client reads the clocks only.
    func sleep(until deadline: ContinuousClock.Instant) async {
        Issue.record("the client slept by the clock that it only reads")
    }
}
