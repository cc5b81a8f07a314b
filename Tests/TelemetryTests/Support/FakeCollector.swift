import Synchronization

@testable import Telemetry

/// The way to a collector as the client sees it: found or not, taking datagrams or not.
final class FakeCollector: DatagramSending {
    private struct State {
        var lookup: TelemetryError?
        var outcomes: [TelemetryError?] = []
        var lookups = 0
        var datagrams: [String] = []
    }

    private let state: Mutex<State>

    /// - Parameter lookup: How looking it up fails, if it does.
    init(lookup: TelemetryError? = nil) {
        state = Mutex(State(lookup: lookup))
    }

    var lookups: Int { state.withLock { $0.lookups } }
    var datagrams: [String] { state.withLock { $0.datagrams } }

    func setLookup(_ failure: TelemetryError?) {
        state.withLock { $0.lookup = failure }
    }

    /// How the next sends end, one after the other; nil and all after the last are successes.
    func setOutcomes(_ outcomes: [TelemetryError?]) {
        state.withLock { $0.outcomes = outcomes }
    }

    func find() throws(TelemetryError) -> any DatagramSending {
        let failure = state.withLock { state in
            state.lookups += 1
            return state.lookup
        }
        if let failure { throw failure }
        return self
    }

    func send(_ bytes: [UInt8]) throws(TelemetryError) {
        let failure: TelemetryError? = state.withLock { state in
            if !state.outcomes.isEmpty, let failure = state.outcomes.removeFirst() {
                return failure
            }
            state.datagrams.append(String(decoding: bytes, as: UTF8.self))
            return nil
        }
        if let failure { throw failure }
    }
}
