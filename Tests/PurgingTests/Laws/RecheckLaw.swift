import Purging
import TestSupport
import Testing

@Suite("Law 4: what changed since it was decided on is left alone, and counted")
struct RecheckLaw {
    @Test("a record that changed while its request was in flight stays", arguments: [true, false])
    func changedInFlight(_ isRemoved: Bool) throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...1))
        fixture.nodes.onSend { _ in
            if isRemoved { fixture.store.remove(1) } else { fixture.store.update(1) { $0.nodeID = NodeID(2) } }
        }
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 0)
        #expect((summary.gone, summary.changed) == (isRemoved ? 1 : 0, isRemoved ? 0 : 1))
        #expect(fixture.store.nodeRows.first?.available == 100)
    }

    @Test("a nodeless record stays when its node's row comes back")
    func nodeComesBack() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...1) { _ in 9 })
        fixture.store.beforeCall { [store = fixture.store] call in
            if case .settle = call { store.put(.init(.live(9))) }
        }
        let summary = try fixture.run()
        #expect(fixture.uids == [1])
        #expect(summary.changed == 1)
    }

    @Test("a settlement names the node, and for a postponement the moment, that were decided on")
    func settlements() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...2) { $0 == 1 ? 1 : 9 })
        fixture.store.insert(.of("b", uid: 3, replacedAt: 1234))
        fixture.nodes.node(Node.url(1)) { request, _ in
            request.uid == UID(3) ? .init(.refused(status: 403)) : .good
        }
        try fixture.run()
        let asked = fixture.store.settlementsAsked.sorted { $0.uid < $1.uid }
        #expect(asked.map(\.uid) == [UID(1), UID(2), UID(3)])
        #expect(asked.map(\.nodeID) == [NodeID(1), NodeID(9), NodeID(1)])
        #expect(asked.map(\.change) == [.delete, .deleteNodeless, .postpone(from: Timestamp(1234))])
        // Only what needs no node's word can be too old to be written.
        #expect(asked.map { $0.notAfter != nil } == [false, true, false])
    }

    @Test("a record that goes without a request is decided on anew when the database takes its time")
    func staleSettlement() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...2) { $0 == 1 ? 1 : 9 })
        fixture.store.beforeCall { [time = fixture.time, store = fixture.store] call in
            guard case .settle(let batch) = call, batch.contains(where: { $0.uid == UID(2) }),
                store.nodeRows.count == 1
            else { return }
            // A node row that was lost for a moment.
            await time.sleep(until: time.now + .seconds(6))
            store.put(.init(.live(9)))
        }
        let summary = try fixture.run()
        #expect(summary.deleted[.nodeless] == nil)
        #expect(fixture.nodes.exchanges(of: UID(2)).count == 1)
        #expect(fixture.uids == [])
    }
}
