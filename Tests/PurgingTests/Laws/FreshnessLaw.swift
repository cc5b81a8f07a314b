import Purging
import TestSupport
import Testing

@Suite("Law 3: what a decision rests on is at most 5 s old when a request is sent")
struct FreshnessLaw {
    @Test("a record that waited is read again, and left alone if its user is active again")
    func revivedRecord() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...12))
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(4)) }
        let summary = try fixture.run {
            await fixture.time.sleep(until: fixture.time.now + .seconds(5))
            fixture.store.update(12) { $0.replacedAt = nil }
        }
        #expect(!fixture.nodes.uidsAsked.contains(UID(12)))
        #expect(fixture.uids == [12])
        #expect(summary.changed == 1)
        #expect(fixture.oldestDecisionSent <= .seconds(5))
    }

    @Test("a node that goes down gets nothing more, once the nodes are read again")
    func nodeGoesDown() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...60))
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(2)) }
        try fixture.run {
            await fixture.time.sleep(until: fixture.time.now + .seconds(3))
            fixture.store.updateNode(1) { $0.node.isDowned = true }
        }
        let first = try #require(fixture.nodes.exchanges.first).sentAt
        let last = try #require(fixture.nodes.exchanges.last).sentAt
        #expect(last - first <= .seconds(8))
        #expect(!fixture.uids.isEmpty)
    }

    @Test("a new twin keeps the data, though the record waited for a retry")
    func twinDuringRetry() throws {
        let fixture = RunFixture(
            nodes: 1,
            records: [
                .of("a", uid: 1, replacedAt: 5), .of("a", uid: 2, clientState: "cc", replacedAt: nil),
                .of("b", uid: 8, replacedAt: 6), .of("b", uid: 9, clientState: "cc", replacedAt: nil),
            ],
            policy: .byAccount
        )
        fixture.nodes.node(Node.url(1)) { request, attempt in
            attempt == 0 && request.uid == UID(1)
                ? SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(10)) : .good
        }
        try fixture.run {
            await fixture.time.sleep(until: fixture.time.now + .seconds(3))
            fixture.store.insert(.of("a", uid: 3, replacedAt: nil))
        }
        #expect(fixture.nodes.exchanges(of: UID(1)).count == 1)
        #expect(fixture.uids == [2, 3, 9])
    }

    @Test("a database that is slower than that ends the run, and nothing is sent", .timeLimit(.minutes(1)))
    func slowDatabase() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...5))
        fixture.store.beforeCall { [time = fixture.time] call in
            if case .count = call { return }
            await time.sleep(until: time.now + .seconds(3))
        }
        let summary = try fixture.run()
        #expect(summary.exitCode(isStrict: false) == 1)
        #expect(fixture.nodes.exchanges.isEmpty)
    }
}
