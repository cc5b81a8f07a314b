@testable import Purging
import TestSupport
import Testing

@Suite("The audit trail")
struct AuditTrailTests {
    @Test(
        "says of data for which nothing is sent that it is not the record's own, or stays as it can't be addressed",
        arguments: [
            (DeletionKind.nodeless, AuditOutcome.DataFate.notOwn), (.sharedData, .notOwn),
            (.unaddressable, .unaddressable),
        ]
    )
    func nothingSent(_ kind: DeletionKind, _ fate: AuditOutcome.DataFate) throws {
        var trail = AuditTrail(isOn: true)
        let entry = try #require(BacklogEntry(record: .obsolete(uid: 1), others: []))
        let settlement = Settlement(.obsolete(uid: 1), .delete)
        trail.intend(
            AuditIntent(entry, kind),
            then: .settle(Settler.Item(settlement: settlement, meaning: .deletion(kind)))
        )
        _ = trail.batch()
        #expect(trail.written().count == 1)
        trail.conclude(UID(1), isConfirmed: true, record: .deleted)
        guard case .ended(let outcome) = trail.batch()?.entries.first else {
            Issue.record("no outcome")
            return
        }
        #expect(outcome.data == fate)
        #expect(outcome.record == .deleted)
        #expect(AuditOutcome(closing: outcome.intent, found: nil).data == fate)
    }
}
