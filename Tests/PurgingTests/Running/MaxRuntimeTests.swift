import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("--max-runtime")
struct MaxRuntimeTests {
    private static let limit = Duration.seconds(10)

    private func options(_ limit: Duration = limit) -> RunOptions {
        var options = RunOptions()
        options.maxRuntime = limit
        return options
    }

    @Test("ends a run that takes longer: nothing new is sent, and what was confirmed is settled")
    func endsInTime() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...500), options: options())
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(3)) }
        let start = fixture.time.now
        let summary = try fixture.run()
        #expect(summary.stopReason == .maxRuntime)
        #expect(summary.duration >= Self.limit && summary.duration < Self.limit + .seconds(4))
        #expect(fixture.nodes.exchanges.allSatisfy { $0.sentAt <= start + Self.limit })
        #expect(summary.deletedTotal == fixture.nodes.exchanges.count)
        #expect(fixture.uids.count == 500 - summary.deletedTotal)
        #expect(summary.exitCode(isStrict: false) == 0)
        #expect(summary.exitCode(isStrict: true) == 3)
    }

    @Test("gives requests in flight 25 seconds at its end, and then gives them up")
    func patience() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...50), options: options())
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(59)) }
        let summary = try fixture.run()
        #expect(summary.stopReason == .maxRuntime)
        #expect(summary.duration >= Self.limit + .seconds(25) && summary.duration < Self.limit + .seconds(28))
        #expect(fixture.uids.count == 50)
    }

    @Test("changes nothing about a run that is done before")
    func shortRun() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...20), options: options(.seconds(3600)))
        let summary = try fixture.run()
        #expect(summary.stopReason == .complete)
        #expect(summary.duration < .seconds(10))
        #expect(fixture.uids.isEmpty)
    }
}
