@testable import Purging
import TestSupport
import Testing

/// How close the dispatcher stays to what each kind of node can do, and how much it asks of it beyond that. Each test
/// prints its figures; `swift test --filter PacingTests` shows them.
@Suite("Pacing, with simulated nodes")
struct PacingTests {
    private static let seconds = 100.0

    /// Lets one node work, prints how it went, and returns the simulation.
    @discardableResult
    private func play(
        _ name: String,
        _ node: QueueingNode,
        ceiling: Int = 32,
        best: Double? = nil,
        seed: UInt64
    ) throws -> (simulation: PacingSimulation, share: Double) {
        var simulation = try PacingSimulation([node], ceiling: ceiling, seed: seed)
        try simulation.run(until: Self.seconds)
        let played = simulation.nodes[0]
        let limited = min(Double(ceiling) / node.work.mean, node.capacity)
        let share = Double(played.goodAnswers(in: 0..<Self.seconds)) / ((best ?? limited) * Self.seconds)
        print(
            """
            \(name): \(percent(share)) of the best throughput; \
            \(tenths(played.meanQueue(after: Self.seconds))) requests waiting on average, at most \
            \(max(0, played.longestQueue)); \(played.refused) refused
            """
        )
        return (simulation, share)
    }

    private func percent(_ share: Double) -> String { "\(tenths(share * 100)) %" }
    private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    @Test("a steady node that takes all that it may be given gets it", arguments: [0.05, 0.5, 2])
    func steady(latency: Double) throws {
        let (_, share) = try play("steady, \(latency) s", QueueingNode(workers: 40, work: .steady(latency)), seed: 1)
        #expect(share > (latency > 1 ? 0.7 : 0.9))
    }

    @Test("a node whose answers take all sorts of times is not taken for one that is full")
    func uneven() throws {
        for work in [
            QueueingNode.Work.exponential(0.1), .twoKinds(0.004, 0.2), .heavyTail(0.05, every: 50),
        ] {
            for seed in [1, 2] as [UInt64] {
                let (_, share) = try play("\(work)", QueueingNode(workers: 40, work: work), seed: seed)
                #expect(share > 0.7, "PURGE_TEST_SEED=\(seed)")
            }
        }
    }

    @Test("a node that saturates is held at 90 % and more of what it can do, without a queue that grows")
    func saturating() throws {
        for (workers, latency) in [(1, 0.005), (2, 0.07), (4, 0.02), (10, 0.05), (20, 0.1)] {
            for isSteady in [true, false] {
                for seed in ([1, 2] as [UInt64]).prefix(isSteady ? 1 : 2) {
                    let work = isSteady ? QueueingNode.Work.steady(latency) : .exponential(latency)
                    let (simulation, share) = try play(
                        "saturates, \(workers) workers, \(work)",
                        QueueingNode(workers: workers, work: work),
                        ceiling: 64,
                        seed: seed
                    )
                    #expect(share > (isSteady ? 0.9 : 0.8), "PURGE_TEST_SEED=\(seed)")
                    let queue = simulation.nodes[0].meanQueue(after: Self.seconds)
                    #expect(queue < Double(workers) + 6, "PURGE_TEST_SEED=\(seed)")
                }
            }
        }
    }

    @Test("a small self-hosted node gives no error after the first few seconds")
    func selfHosted() throws {
        for seed in [1, 2] as [UInt64] {
            var node = QueueingNode(workers: 2, work: .steady(0.07))
            node.most = 8
            let (simulation, share) = try play("self-hosted, errors above 8 at once", node, seed: seed)
            #expect(simulation.nodes[0].lastRefusal < 5, "PURGE_TEST_SEED=\(seed)")
            #expect(share > 0.9, "PURGE_TEST_SEED=\(seed)")
        }
    }

    @Test("errors that begin at a number of requests, without a longer wait before, are met once and remembered")
    func hardLimit() throws {
        for seed in [1, 2] as [UInt64] {
            var node = QueueingNode(workers: 40, work: .exponential(0.05))
            node.most = 20
            let (simulation, share) = try play("errors above 20 at once", node, best: 400, seed: seed)
            #expect(simulation.nodes[0].lastRefusal < 10, "PURGE_TEST_SEED=\(seed)")
            #expect(share > 0.8, "PURGE_TEST_SEED=\(seed)")
        }
    }

    @Test("errors that have nothing to do with how many requests there are cost little")
    func randomErrors() throws {
        for seed in [1, 2] as [UInt64] {
            var node = QueueingNode(workers: 40, work: .exponential(0.05))
            node.failuresInAThousand = 2
            let (_, share) = try play("2 errors in a thousand", node, seed: seed)
            #expect(share > 0.4, "PURGE_TEST_SEED=\(seed)")
        }
    }

    @Test("after a stall, a node has its full pace again within seconds")
    func stall() throws {
        for seed in [1, 2] as [UInt64] {
            var node = QueueingNode(workers: 10, work: .exponential(0.05))
            node.troubles = [.stall(20...35), .stall(60...80)]
            let (simulation, _) = try play("stalls", node, best: 200 * 0.65, seed: seed)
            for end in [35.0, 80] {
                let after = Double(simulation.nodes[0].goodAnswers(in: end + 5..<end + 15)) / 10
                #expect(after > 160, "\(after)/s, PURGE_TEST_SEED=\(seed)")
            }
        }
    }

    @Test("a node that becomes slower, or faster, for reasons of its own is followed")
    func slower() throws {
        for seed in [1, 2] as [UInt64] {
            var node = QueueingNode(workers: 40, work: .exponential(0.05))
            node.troubles = [.slow(30...60, times: 8)]
            let (simulation, _) = try play("eight times slower for a minute", node, best: 640 * 0.7375, seed: seed)
            let (slow, after) = (
                simulation.nodes[0].goodAnswers(in: 45..<60), simulation.nodes[0].goodAnswers(in: 70..<100)
            )
            #expect(Double(slow) > 0.7 * 80 * 15, "\(slow), PURGE_TEST_SEED=\(seed)")
            #expect(Double(after) > 0.7 * 640 * 30, "\(after), PURGE_TEST_SEED=\(seed)")
        }
    }

    @Test("a node that is dead, or hangs, gets next to nothing, and is used again as soon as it answers")
    func outages() throws {
        var dead = QueueingNode(workers: 40, work: .steady(0.05))
        dead.troubles = [.dead(20...40)]
        let (one, _) = try play("dead for 20 seconds", dead, best: 640 * 0.8, seed: 1)
        let again = Double(one.nodes[0].goodAnswers(in: 60..<100)) / 40
        #expect(again > 0.9 * 640, "\(again)/s")
        var flapping = QueueingNode(workers: 40, work: .steady(0.05))
        flapping.troubles = (1...12).map { .dead(Double($0) * 8...Double($0) * 8 + 2) }
        let (two, _) = try play("dead for 2 of 8 seconds", flapping, best: 640 * 0.75, seed: 1)
        #expect(two.dispatcher.lanes[0].gate.abandonReason == nil)
    }

    @Test("a few records in front that always time out don't keep the others waiting")
    func hopelessRecords() throws {
        var node = QueueingNode(workers: 40, work: .steady(0.05))
        node.hopeless = [1, 2, 3, 4, 5, 6]
        let (simulation, _) = try play("six records that always time out", node, best: 640, seed: 1)
        #expect(simulation.changes.isEmpty)
        let after = Double(simulation.nodes[0].goodAnswers(in: 80..<100)) / 20
        #expect(after > 0.8 * 640, "\(after)/s")
    }

    @Test("a dead node among ten, or a slow one, costs the others nothing")
    func neighbours() throws {
        let healthy = QueueingNode(workers: 10, work: .exponential(0.05))
        var dead = healthy
        dead.troubles = [.hanging(0...1000)]
        let slow = QueueingNode(workers: 1, work: .steady(2))
        for (name, other) in [("a dead node", dead), ("a slow node", slow)] {
            func throughput(_ nodes: [QueueingNode]) throws -> Int {
                var simulation = try PacingSimulation(nodes, ceiling: 32, seed: 1)
                try simulation.run(until: 15)
                return simulation.nodes.suffix(9).map { $0.goodAnswers(in: 0..<15) }.reduce(0, +)
            }
            let nine = Array(repeating: healthy, count: 9)
            let (alone, beside) = (try throughput(nine), try throughput([other] + nine))
            print(
                "nine nodes beside \(name): \(percent(Double(beside) / Double(alone))) of their throughput without it"
            )
            #expect(Double(beside) > 0.95 * Double(alone))
        }
    }
}
