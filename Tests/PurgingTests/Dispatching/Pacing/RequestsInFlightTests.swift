@testable import Purging
import Testing

@Suite("Requests in flight")
struct RequestsInFlightTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> RequestsInFlight.Instant { start + .seconds(seconds) }

    @Test("one is stuck when it takes far longer than others, and a later one was answered well")
    func stuck() {
        var requests = RequestsInFlight()
        requests.started(at: start)
        requests.started(at: start)
        #expect(requests.stuck(at: at(60), typicalLatency: 0.1) == 0)
        requests.started(at: at(1))
        requests.ended(startedAt: at(1), now: at(1.1))
        requests.answeredWell(startedAt: at(1))
        #expect(requests.stuck(at: at(1.9), typicalLatency: 0.1) == 0)
        #expect(requests.stuck(at: at(2.1), typicalLatency: 0.1) == 2)
        #expect(requests.stuck(at: at(2.1), typicalLatency: 1) == 0)
        requests.ended(startedAt: start, now: at(3))
        #expect(requests.count == 1)
        #expect(requests.stuck(at: at(3), typicalLatency: 0.1) == 1)
    }

    @Test("while nothing is answered, another one may go after a second, then two, then four")
    func trials() {
        var requests = RequestsInFlight()
        #expect(requests.nextBeyondLimit == nil)
        requests.started(at: start)
        requests.started(at: start)
        for (trial, next) in [(1.0, 3.0), (3, 7), (7, 15)] {
            #expect(requests.nextBeyondLimit == at(trial))
            requests.started(at: at(trial))
            #expect(requests.nextBeyondLimit == at(next))
        }
        requests.ended(startedAt: at(7), now: at(8))
        requests.answeredWell(startedAt: at(7))
        #expect(requests.nextBeyondLimit == at(9))
    }
}
