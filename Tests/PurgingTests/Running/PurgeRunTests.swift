import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("A run")
struct PurgeRunTests {
    @Test("purges a backlog of several pages, and frees the slots")
    func wholeBacklog() throws {
        let fixture = RunFixture(nodes: 3, records: .obsolete(1...95) { $0 % 3 + 1 })
        let summary = try fixture.run()
        #expect(summary.stopReason == .complete)
        #expect(summary.deleted == [.notDown: 95])
        #expect(summary.read == 95)
        #expect(summary.requests == 95)
        #expect(fixture.uids.isEmpty)
        #expect(fixture.store.nodeRows.map(\.available).reduce(0, +) == 395)
        #expect(summary.exitCode(isStrict: true) == 0)
    }

    @Test("takes every record of a slow node too, in later sweeps", arguments: [1, 2, 3, 5, 10, 40], [1, 7, 19, 60])
    func slowNode(_ pageSize: Int, _ count: Int64) throws {
        var options = RunOptions()
        options.pageSize = pageSize
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...count * 2) { $0 % 2 + 1 }, options: options)
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(3)) }
        let summary = try fixture.run()
        #expect(fixture.uids.isEmpty)
        #expect(summary.deletedTotal == Int(count) * 2)
    }

    @Test("wraps around from a random start, and leaves nothing out", arguments: Seeds.some(40))
    func wrapAround(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var options = RunOptions()
        options.maxOffset = random.integer(1...80)
        options.pageSize = random.integer(1...20)
        let fixture = RunFixture(
            nodes: 3,
            records: .obsolete(1...60) { _ in Int64(random.integer(1...3)) },
            options: options,
            seed: seed
        )
        let latency = Duration.milliseconds(random.integer(1...4000))
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: latency) }
        let summary = try fixture.run()
        #expect(fixture.uids.isEmpty)
        #expect(summary.deletedTotal == 60)
        #expect(summary.read == 60)
    }
}
