import Dispatch

@testable import Telemetry

/// A lookup that takes until it is released.
final class HangingLookup: Sendable {
    private let released = DispatchSemaphore(value: 0)
    private let (begun, signal) = AsyncStream<Never>.makeStream()

    func find() throws(TelemetryError) -> any DatagramSending {
        signal.finish()
        released.wait()
        return FakeCollector()
    }

    func hasBegun() async {
        for await _ in begun {}
    }

    func release() {
        released.signal()
    }
}
