import TestSupport
import Testing

@testable import Purging

@Suite("What a run says that it skipped")
struct SkippedTests {
    @Test("is what is left on a node in trouble, without what was held there")
    func held() throws {
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...60) { $0 <= 40 ? 1 : 2 })
        fixture.nodes.node(Node.url(1)) { request, _ in
            request.uid.rawValue <= 3 ? .init(.notFound) : .init(.timedOut, after: .milliseconds(1))
        }
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 20)
        #expect(summary.held == [.notFound: 3])
        #expect(summary.troubledNodes.map(\.records) == [37])
        #expect(summary.skippedTotal == 37 && summary.stopReason == .incomplete)
    }

    @Test("is nothing where the node that is in trouble at the end has nothing left, and the run is complete")
    func nothingLeft() throws {
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...11) { $0 == 1 ? 1 : 2 })
        fixture.nodes.node(Node.url(1)) { _, _ in .good.asking(quiet: .seconds(1000)) }
        let summary = try fixture.run()
        let isAbandoned = fixture.observer.events.contains { event in
            if case .nodeChanged(_, .abandoned(.longPause), _) = event { true } else { false }
        }
        #expect(isAbandoned)
        #expect(summary.deletedTotal == 11 && summary.troubledNodes.isEmpty)
        #expect(summary.stopReason == .complete && summary.exitCode(isStrict: false) == 0)
    }
}
