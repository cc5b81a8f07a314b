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
        fixture.store.insert(.of("b", uid: 3, clientState: "no", replacedAt: 1234))
        try fixture.run()
        let expected = [
            Settlement(uid: UID(1), nodeID: NodeID(1), change: .delete),
            Settlement(uid: UID(2), nodeID: NodeID(9), change: .deleteNodeless),
            Settlement(uid: UID(3), nodeID: NodeID(1), change: .postpone(from: Milliseconds(1234))),
        ]
        #expect(fixture.store.settlementsAsked.sorted { $0.uid < $1.uid } == expected)
    }
}
