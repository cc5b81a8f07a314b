import Purging
import TestSupport
import Testing

@Suite("A node's gate")
struct NodeGateTests {
    private let start = ContinuousClock.now
    private var settings = NodeGate.Settings()

    private func at(_ seconds: Double) -> NodeGate.Instant { start + .seconds(seconds) }

    /// Fills the gate, and then answers as many requests as were let through at once, each one with the same sign and,
    /// as the node is kept busy, followed by another request.
    private func round(_ gate: inout NodeGate, _ sign: NodeGate.Sign, at seconds: Double) {
        func fill() {
            while gate.permission(at: at(seconds)) == .go {
                gate.requestStarted()
            }
        }
        fill()
        for _ in 0..<gate.inFlight {
            _ = gate.requestFinished(sign, startedAt: at(seconds), elapsed: .milliseconds(10), now: at(seconds + 0.01))
            fill()
        }
        while gate.inFlight > 0 {
            gate.requestAbandoned()
        }
    }

    @Test("lets a few requests through before anything is known, and then says it is full")
    func firstLimit() {
        var gate = NodeGate(settings: settings)
        for _ in 0..<settings.firstLimit {
            #expect(gate.permission(at: start) == .go)
            gate.requestStarted()
        }
        #expect(gate.permission(at: start) == .full)
        gate.requestAbandoned()
        #expect(gate.permission(at: start) == .go)
    }

    @Test("never starts above its ceiling")
    func smallCeiling() {
        var settings = settings
        settings.ceiling = 1
        #expect(NodeGate(settings: settings).limit == 1)
    }

    @Test("doubles with each round of good answers at first, up to its ceiling")
    func fastGrowth() {
        var gate = NodeGate(settings: settings)
        round(&gate, .good, at: 0)
        #expect(gate.limit == 8)
        round(&gate, .good, at: 1)
        #expect(gate.limit == 16)
        for step in 1...20 {
            round(&gate, .good, at: Double(step))
        }
        #expect(gate.limit == settings.ceiling)
    }

    @Test("does not grow on answers of a node that is not given all it may have")
    func noGrowthWhenIdle() {
        var gate = NodeGate(settings: settings)
        for _ in 0..<100 {
            gate.requestStarted()
            _ = gate.requestFinished(.good, startedAt: start, elapsed: .zero, now: start)
        }
        #expect(gate.limit == settings.firstLimit)
    }

    @Test("halves once for each round that is in trouble, never below one, and grows by one for each round then")
    func halving() {
        var gate = NodeGate(settings: settings)
        for step in 0...20 {
            round(&gate, .good, at: Double(step))
        }
        #expect(gate.limit == 32)
        round(&gate, .overloaded, at: 30)
        #expect(gate.limit == 16)
        round(&gate, .overloaded, at: 31)
        #expect(gate.limit == 8)
        for step in 0..<8 {
            round(&gate, .good, at: Double(32 + step))
        }
        #expect((12...16).contains(gate.limit))
        for step in 40...60 {
            round(&gate, .overloaded, at: Double(step))
        }
        #expect(gate.limit == 1)
    }

    @Test("gives a throttled node a quarter at most, and at least one")
    func throttling() {
        var gate = NodeGate(settings: settings)
        for step in 0...20 {
            round(&gate, .good, at: Double(step))
        }
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
        for count in 1...settings.failuresToCutOff {
            gate.requestStarted()
            let change = gate.requestFinished(.failed(.unreachable), startedAt: start, elapsed: .zero, now: start)
            #expect(change == (count == settings.failuresToCutOff ? .cutOff(.unreachable, for: .seconds(5)) : nil))
        }
        return gate
    }

    @Test("cuts a node off after failures in a row, for the cool-down, and then probes it with one request")
    func cutOff() {
        var gate = cutOffGate()
        #expect(gate.isCutOff)
        #expect(gate.permission(at: at(4.9)) == .waitUntil(at(5)))
        #expect(gate.permission(at: at(5)) == .probe)
        gate.requestStarted()
        #expect(gate.permission(at: at(5)) == .full)
    }

    @Test("does not cut off a node whose failures are not in a row")
    func failuresApart() {
        var gate = NodeGate(settings: settings)
        for step in 0..<40 {
            gate.requestStarted()
            let sign: NodeGate.Sign = step % settings.failuresToCutOff == 0 ? .good : .failed(.serverErrors)
            #expect(gate.requestFinished(sign, startedAt: start, elapsed: .zero, now: start) == nil)
        }
    }

    @Test("doubles the cool-down each time a probe fails, and leaves the node after a few")
    func failingProbes() {
        var settings = settings
        settings.probesPerRun = 6
        var gate = NodeGate(settings: settings)
        var now = 0.0
        for _ in 0..<settings.failuresToCutOff {
            gate.requestStarted()
            _ = gate.requestFinished(.failed(.misrouted), startedAt: at(now), elapsed: .zero, now: at(now))
        }
        var changes: [NodeGate.Change?] = []
        for coolDown in [5.0, 10, 20, 40, 60, 60] {
            #expect(gate.permission(at: at(now + coolDown - 0.1)) == .waitUntil(at(now + coolDown)))
            now += coolDown
            #expect(gate.permission(at: at(now)) == .probe)
            gate.requestStarted()
            changes.append(
                gate.requestFinished(.failed(.misrouted), startedAt: at(now), elapsed: .zero, now: at(now))
            )
        }
        #expect(changes.last == .left(.misrouted))
        #expect(gate.permission(at: at(now + 1000)) == .leftForRun)
        #expect(gate.reasonLeft == .misrouted)
    }

    @Test("opens again after a good probe, with one request at a time")
    func recovery() {
        for sign in [NodeGate.Sign.good, .neutral] {
            var gate = cutOffGate()
            gate.requestStarted()
            let change = gate.requestFinished(sign, startedAt: at(5), elapsed: .zero, now: at(5.1))
            #expect(change == .recovered)
            #expect(!gate.isCutOff)
            #expect(gate.limit == 1)
            // It takes as many failures as before to cut it off again.
            gate.requestStarted()
            #expect(gate.requestFinished(.failed(.unreachable), startedAt: at(6), elapsed: .zero, now: at(6)) == nil)
        }
    }

    @Test("takes nothing that was sent before the cut for a failed probe, however late it ends")
    func lateFailures() {
        var gate = NodeGate(settings: settings)
        for _ in 0..<4 {
            gate.requestStarted()
        }
        for _ in 0..<2 {
            gate.requestStarted()
            gate.requestStarted()
            for _ in 0..<2 {
                _ = gate.requestFinished(.failed(.unreachable), startedAt: start, elapsed: .zero, now: start)
            }
        }
        gate.requestStarted()
        _ = gate.requestFinished(.failed(.unreachable), startedAt: start, elapsed: .zero, now: start)
        #expect(gate.isCutOff)
        for late in [10.0, 20, 40, 60] {
            #expect(gate.permission(at: at(late)) == .full)
            let change = gate.requestFinished(
                .failed(.unreachable),
                startedAt: start,
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
        #expect(gate.usefulQueue == 8)
        round(&gate, .good, at: 0)
        #expect(gate.usefulQueue > 100)
    }

    // MARK: Quiet

    @Test("keeps quiet for as long as the node asked, whichever answer said it")
    func quiet() {
        var gate = NodeGate(settings: settings)
        #expect(gate.quietAsked(.seconds(30), now: start) == nil)
        #expect(gate.permission(at: at(29)) == .waitUntil(at(30)))
        #expect(gate.quietAsked(.seconds(5), now: at(1)) == nil)
        #expect(gate.permission(at: at(29)) == .waitUntil(at(30)))
        #expect(gate.permission(at: at(30)) == .go)
    }

    @Test("leaves a node that wants a longer pause than is bearable")
    func longPause() {
        var gate = NodeGate(settings: settings)
        #expect(gate.quietAsked(.seconds(120), now: start) == nil)
        #expect(gate.quietAsked(.seconds(121), now: start) == .left(.longPause))
        #expect(gate.permission(at: at(500)) == .leftForRun)
    }

    @Test("probes a node that is cut off only when its quiet time is over too")
    func quietWhileCutOff() {
        var gate = cutOffGate()
        _ = gate.quietAsked(.seconds(20), now: start)
        #expect(gate.permission(at: at(6)) == .waitUntil(at(20)))
        #expect(gate.permission(at: at(20)) == .probe)
    }

    // MARK: Signatures

    @Test("leaves a node that refuses signatures before it has accepted any")
    func refusals() {
        var gate = NodeGate(settings: settings)
        #expect(gate.signatureRefused() == nil)
        #expect(gate.signatureRefused() == nil)
        #expect(gate.signatureRefused() == .left(.signatureRefused))
        #expect(gate.signatureRefused() == nil)
    }

    @Test("stays with a node that accepted a signature, however many it refuses")
    func refusalsOfSome() {
        var gate = NodeGate(settings: settings)
        gate.signatureAccepted()
        for _ in 0..<20 {
            #expect(gate.signatureRefused() == nil)
        }
        gate.runStarted(now: start)
        #expect(!gate.acceptedSignature)
    }

    // MARK: Runs

    @Test("remembers over runs what it learnt, and gives a node that was left one probe")
    func nextRun() {
        var gate = NodeGate(settings: settings)
        for step in 0...20 {
            round(&gate, .good, at: Double(step))
        }
        gate.requestStarted()
        gate.runStarted(now: at(30))
        #expect(gate.inFlight == 0)
        #expect(gate.limit == 32)
        #expect(gate.leave(.decommissioned) == .left(.decommissioned))
        #expect(gate.leave(.misrouted) == nil)
        gate.runStarted(now: at(40))
        #expect(gate.permission(at: at(40)) == .probe)
        gate.requestStarted()
        #expect(gate.permission(at: at(40)) == .full)
        _ = gate.requestFinished(.good, startedAt: at(40), elapsed: .zero, now: at(41))
        #expect(gate.permission(at: at(41)) == .go)
    }
}
