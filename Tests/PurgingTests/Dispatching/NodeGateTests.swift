@testable import Purging
import TestSupport
import Testing

@Suite("A node's gate")
struct NodeGateTests {
    private let start = ContinuousClock.now
    private var settings = NodeGate.Settings()

    private func at(_ seconds: Double) -> NodeGate.Instant { start + .seconds(seconds) }

    /// Has as many requests answered well as grow the gate to its ceiling.
    private func grow(_ gate: inout NodeGate, from seconds: Double = 0) {
        for step in 0..<200 {
            let moment = at(seconds + Double(step) * 0.01)
            var requests: [NodeGate.Request] = []
            while gate.permission(at: moment) == .go { requests.append(gate.requestStarted(at: moment)) }
            for request in requests {
                _ = gate.requestFinished(request, .good, elapsed: .milliseconds(1), now: moment + .milliseconds(1))
            }
        }
    }

    /// Has one request end with this sign, at once.
    @discardableResult
    private func end(
        _ gate: inout NodeGate,
        _ sign: NodeGate.Sign,
        startedAt: Double = 0,
        at seconds: Double? = nil
    ) -> NodeGate.Change? {
        let request = gate.requestStarted(at: at(startedAt))
        return gate.requestFinished(request, sign, elapsed: .zero, now: at(seconds ?? startedAt))
    }

    @Test("lets a few requests through before anything is known, and then says it is full")
    func firstLimit() {
        var gate = NodeGate(settings: settings)
        let first = gate.requestStarted(at: start)
        #expect(gate.permission(at: start) == .go)
        _ = gate.requestStarted(at: start)
        #expect(gate.permission(at: start) == .full)
        gate.requestAbandoned(first, now: start)
        #expect(gate.permission(at: start) == .go)
    }

    @Test("never starts above its ceiling")
    func smallCeiling() {
        var settings = settings
        settings.ceiling = 1
        #expect(NodeGate(settings: settings).limit == 1)
    }

    @Test("grows to its ceiling with a node that answers well")
    func growth() {
        var gate = NodeGate(settings: settings)
        grow(&gate)
        #expect(gate.limit == settings.ceiling)
    }

    @Test("gives a throttled node a quarter at most, and at least one")
    func throttling() {
        var gate = NodeGate(settings: settings)
        grow(&gate)
        gate.isThrottled = true
        #expect(gate.limit == 8)
        gate.isThrottled = false
        #expect(gate.limit == 32)
        var settings = settings
        settings.ceiling = 2
        var small = NodeGate(settings: settings)
        small.isThrottled = true
        #expect(small.limit == 1)
    }

    // MARK: The circuit breaker

    /// A gate that was cut off at second 0.
    private func cutOffGate() -> NodeGate {
        var gate = NodeGate(settings: settings)
        for count in 1...settings.failuresToOpen {
            let change = end(&gate, .failed(.unreachable))
            #expect(change == (count == settings.failuresToOpen ? .circuitOpen(.unreachable, for: .seconds(5)) : nil))
        }
        return gate
    }

    @Test("cuts a node off after failures in a row, for the cool-down, and then probes it with one request")
    func openCircuit() {
        var gate = cutOffGate()
        #expect(gate.isCircuitOpen)
        #expect(gate.permission(at: at(4.9)) == .waitUntil(at(5)))
        #expect(gate.permission(at: at(5)) == .probe)
        _ = gate.requestStarted(at: at(5))
        #expect(gate.permission(at: at(5)) == .full)
    }

    @Test("does not cut off a node whose failures are not in a row")
    func failuresApart() {
        var gate = NodeGate(settings: settings)
        for step in 0..<40 {
            #expect(end(&gate, step % settings.failuresToOpen == 0 ? .good : .failed(.serverErrors)) == nil)
        }
    }

    @Test("doubles the cool-down each time a probe fails, and leaves the node after a few")
    func failingProbes() {
        var settings = settings
        settings.probesPerRun = 6
        var gate = NodeGate(settings: settings)
        var now = 0.0
        for _ in 0..<settings.failuresToOpen {
            end(&gate, .failed(.misrouted), startedAt: now)
        }
        var changes: [NodeGate.Change?] = []
        for coolDown in [5.0, 10, 20, 40, 60, 60] {
            #expect(gate.permission(at: at(now + coolDown - 0.1)) == .waitUntil(at(now + coolDown)))
            now += coolDown
            #expect(gate.permission(at: at(now)) == .probe)
            changes.append(end(&gate, .failed(.misrouted), startedAt: now))
        }
        #expect(changes.last == .abandoned(.misrouted))
        #expect(gate.permission(at: at(now + 1000)) == .abandoned)
        #expect(gate.abandonReason == .misrouted)
    }

    @Test("opens again after a good probe, with one request at a time")
    func recovery() {
        for sign in [NodeGate.Sign.good, .neutral] {
            var gate = cutOffGate()
            #expect(end(&gate, sign, startedAt: 5, at: 5.1) == .recovered)
            #expect(!gate.isCircuitOpen)
            #expect(gate.limit == 1)
            // It takes as many failures as before to cut it off again.
            #expect(end(&gate, .failed(.unreachable), startedAt: 6) == nil)
        }
    }

    @Test("takes nothing that was sent before the cut for a failed probe, however late it ends")
    func lateFailures() {
        var gate = NodeGate(settings: settings)
        let early = (0..<4).map { _ in gate.requestStarted(at: start) }
        for _ in 0..<settings.failuresToOpen {
            end(&gate, .failed(.unreachable))
        }
        #expect(gate.isCircuitOpen)
        for (request, late) in zip(early, [10.0, 20, 40, 60]) {
            #expect(gate.permission(at: at(late)) == .full)
            let change = gate.requestFinished(
                request,
                .failed(.unreachable),
                elapsed: .seconds(late),
                now: at(late)
            )
            #expect(change == nil)
        }
        #expect(gate.permission(at: at(60)) == .probe)
    }

    @Test("keeps few records ready for a node that is cut off")
    func usefulQueue() {
        #expect(cutOffGate().usefulQueue == settings.probesPerRun)
        var gate = NodeGate(settings: settings)
        #expect(gate.usefulQueue == 4)
        grow(&gate)
        #expect(gate.usefulQueue > 100)
    }

    // MARK: Quiet

    @Test("keeps quiet for as long as the node asked, whichever answer said it")
    func quiet() {
        var gate = NodeGate(settings: settings)
        #expect(gate.backoffAsked(.seconds(30), now: start) == nil)
        #expect(gate.permission(at: at(29)) == .waitUntil(at(30)))
        #expect(gate.backoffAsked(.seconds(5), now: at(1)) == nil)
        #expect(gate.permission(at: at(29)) == .waitUntil(at(30)))
        #expect(gate.permission(at: at(30)) == .go)
    }

    @Test("leaves a node that wants a longer pause than is bearable")
    func longPause() {
        var gate = NodeGate(settings: settings)
        #expect(gate.backoffAsked(.seconds(120), now: start) == nil)
        #expect(gate.backoffAsked(.seconds(121), now: start) == .abandoned(.longPause))
        #expect(gate.permission(at: at(500)) == .abandoned)
    }

    @Test("probes a node that is cut off only when its quiet time is over too")
    func quietWhileCutOff() {
        var gate = cutOffGate()
        _ = gate.backoffAsked(.seconds(20), now: start)
        #expect(gate.permission(at: at(6)) == .waitUntil(at(20)))
        #expect(gate.permission(at: at(20)) == .probe)
    }

    // MARK: Refusals

    @Test("cuts a node off that refuses eight requests in a row, and leaves it when its probes are refused")
    func refusals() {
        var gate = NodeGate(settings: settings)
        for number in 1...8 {
            let change = finish(&gate, .refusal, now: start)
            #expect((change != nil) == (number == 8))
        }
        #expect(gate.refusesEverything)
        var now = start
        for probe in 1...3 {
            now += .seconds(100)
            #expect((finish(&gate, .refusal, now: now) == .abandoned(.refusesEverything)) == (probe == 3))
        }
        gate.runStarted(now: now)
        #expect(!gate.refusesEverything)
    }

    @Test("counts refusals in a row only")
    func refusalsOfSome() {
        var gate = NodeGate(settings: settings)
        for _ in 0..<5 {
            for _ in 0..<7 { #expect(finish(&gate, .refusal, now: start) == nil) }
            #expect(finish(&gate, .good, now: start) == nil)
        }
        gate.secretAccepted()
        gate.runStarted(now: start)
        #expect(!gate.known.hasAccepted)
    }

    private func finish(_ gate: inout NodeGate, _ sign: NodeGate.Sign, now: ContinuousClock.Instant) -> NodeGate.Change?
    {
        let request = gate.requestStarted(at: now)
        return gate.requestFinished(request, sign, elapsed: .zero, now: now)
    }

    // MARK: Runs

    @Test("remembers over runs what it learnt, and gives a node that was left one probe")
    func nextRun() {
        var gate = NodeGate(settings: settings)
        grow(&gate)
        _ = gate.requestStarted(at: at(30))
        gate.runStarted(now: at(30))
        #expect(gate.inFlight == 0)
        #expect(gate.limit == 32)
        #expect(gate.abandon(.decommissioned, now: start) == .abandoned(.decommissioned))
        #expect(gate.abandon(.misrouted, now: start) == nil)
        gate.runStarted(now: at(40))
        #expect(gate.permission(at: at(40)) == .probe)
        let probe = gate.requestStarted(at: at(40))
        #expect(gate.permission(at: at(40)) == .full)
        _ = gate.requestFinished(probe, .good, elapsed: .seconds(1), now: at(41))
        #expect(gate.permission(at: at(41)) == .go)
    }
}
