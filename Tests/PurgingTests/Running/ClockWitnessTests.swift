import SyncTokens
import Synchronization
import TestSupport
import Testing

@testable import Purging

@Suite("The witness of the clock")
struct ClockWitnessTests {
    private let fixture = RunFixture(nodes: 3, records: [])
    private var targets: [ServiceURL] { (1...3).compactMap { try? ServiceURL(Node.url($0)) } }

    private var ours: Double { Double(fixture.time.wallTime.rawValue) / 1000 }

    /// What the witness says where the nodes' clocks are so many seconds behind ours; nil for a silent one.
    private func word(_ witness: ClockWitness, behind: [Double?]) throws -> ClockWitness.Word {
        let (ours, urls) = (ours, targets.map(\.text))
        fixture.nodes.clock.withLock { clock in
            clock = { target in
                urls.firstIndex(of: target.text).flatMap { behind[$0] }.map { ours - $0 }
            }
        }
        let targets = targets
        return try fixture.simulation.run { await witness.ask(targets) }
    }

    private func witness() -> ClockWitness { ClockWitness(client: fixture.nodes, time: fixture.time) }

    @Test("believes the half of those who answer that is safer")
    func majority() throws {
        for (behind, ahead) in [
            ([4000, 4000, 4000], 4000), ([4000, 4000, 0], 4000), ([4000, 0, 0], 0), ([4000, nil, nil], 4000),
            ([4000, 0, nil], 4000), ([nil, nil, nil], 0), ([200, 200, 200], 0), ([-4000, -4000, -4000], 0),
        ] as [([Double?], Int)] {
            let word = try word(witness(), behind: behind)
            #expect(word.ahead == .seconds(ahead), "\(behind)")
            #expect(word.time == fixture.time.wallTime.advanced(by: .seconds(-ahead)))
            #expect(word.isOfNodes == (behind.contains { $0 != nil }))
        }
    }

    @Test("knows by the monotonic clock of a jump between runs, where no node answers")
    func jump() throws {
        let witness = witness()
        let silent: [Double?] = [nil, nil, nil]
        #expect(try word(witness, behind: silent).ahead == .zero)
        fixture.time.jump(by: .seconds(40 * 86_400))
        let jumped = try word(witness, behind: silent)
        #expect(jumped.ahead == .seconds(40 * 86_400))
        // It stays so for as long as nobody else knows better.
        #expect(try word(witness, behind: silent).ahead == .seconds(40 * 86_400))
        // By the nodes' word it was a correction.
        #expect(try word(witness, behind: [0, 0, 0]).ahead == .zero)
        #expect(try word(witness, behind: silent).ahead == .zero)
        fixture.time.jump(by: .seconds(-86_400))
        #expect(try word(witness, behind: silent).ahead == .zero)
    }

    @Test("an answer that contradicts the clock ends the run, where no node told the time before")
    func contradiction() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...50) { _ in 1 })
        let behind = Double(fixture.time.wallTime.rawValue) / 1000 - 4000
        fixture.nodes.node(Node.url(1)) { _, _ in
            var reply = SimulatedNodes.Reply.good
            reply.answer.nodeTime = behind
            return reply
        }
        let summary = try fixture.run()
        #expect(summary.stopReason.isError)
        #expect(summary.requests < 10)
        #expect("\(summary.stopReason)".contains("clock"))
    }
}
