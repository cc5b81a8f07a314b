import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("Beside a node in trouble")
struct NeighbourTests {
    /// When the last record of the nodes 2 to 10 was sent. Records come in blocks of a node, so that some are passed
    /// over.
    private func lastOfTheOthers(_ trouble: SimulatedNodes.Reply?, pages: Int) throws -> Duration {
        let records = (0..<2000).map {
            UserRecord.obsolete(uid: $0 + 1, replacedAt: 5000 + $0, node: $0 / 100 % 10 + 1)
        }
        var options = RunOptions()
        options.pageSize = pages
        let fixture = RunFixture(nodes: 10, records: records, options: options)
        for number in Int64(1)...10 {
            fixture.nodes.node(Node.url(number)) { _, _ in .init(.confirmed(lastModified: 1), after: .milliseconds(50))
            }
        }
        if let trouble { fixture.nodes.node(Node.url(1)) { _, _ in trouble } }
        let begin = fixture.time.now
        let summary = try fixture.run()
        #expect(summary.deletedTotal == (trouble == nil ? 2000 : 1800))
        let others = fixture.nodes.exchanges.filter { $0.request.target.text != Node.url(1) }
        #expect(others.count == 1800)
        return try #require(others.map(\.sentAt).max()) - begin
    }

    @Test(
        "the others' last record is sent about as early as beside a good one",
        arguments: [
            ("hangs", NodeAnswer.Verdict.timedOut, 60), ("refuses connections", .unreachable(what: "", sent: false), 0),
            ("is overloaded", .busy(status: 503), 1), ("answers with errors", .trouble(status: 500), 1),
        ]
    )
    func lastRecord(how: String, verdict: NodeAnswer.Verdict, seconds: Int) throws {
        for pages in [10, 1000] {
            let good = try lastOfTheOthers(nil, pages: pages)
            let bad = try lastOfTheOthers(.init(verdict, after: .seconds(seconds)), pages: pages)
            #expect(bad <= good * 1.05 + .milliseconds(200), "\(how): \(bad) instead of \(good)")
        }
    }
}
