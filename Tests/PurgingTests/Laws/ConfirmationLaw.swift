import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("Law 1: a record is deleted only after its node confirmed it, or for a named reason that needs none")
struct ConfirmationLaw {
    @Test(
        "no answer but a confirmation deletes the record",
        arguments: [
            NodeAnswer.Verdict.writtenSince(lastModified: nil), .notFound, .refused(status: 403), .signatureRefused,
            .busy(status: 503),
            .trouble(status: 500), .decommissioned, .misrouted(status: 200, what: "proxy"), .timedOut,
            .unreachable(what: "reset", sent: true), .abandoned, .expired,
        ]
    )
    func otherAnswers(_ verdict: NodeAnswer.Verdict) throws {
        // Node 2 is well, so that the secret is known to be right.
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...4) { $0 % 2 + 1 })
        fixture.nodes.node(Node.url(2)) { _, _ in .init(verdict).deletingData() }
        try fixture.run()
        #expect(fixture.uids == [1, 3])
        #expect(!fixture.store.settlementsAsked.contains { [1, 3].contains($0.uid.rawValue) && $0.change == .delete })
    }

    @Test("every key of a record has to be confirmed")
    func everyKey() throws {
        let record = UserRecord.of("a", uid: 1, generation: 7, keysChangedAt: 0, replacedAt: 5)
        let active = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil)
        let fixture = RunFixture(nodes: 1, records: [record, active], policy: .byAccount)
        fixture.nodes.node(Node.url(1)) { request, _ in
            request.key.text.hasPrefix("0000000000000") ? .init(.refused(status: 400)) : .good
        }
        let summary = try fixture.run()
        #expect(fixture.nodes.exchanges.count == 2)
        #expect(fixture.uids == [1, 2])
        #expect(summary.dataDeleted == 0)
    }
}
