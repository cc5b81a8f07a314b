import TestSupport
import Testing

@testable import Purging

@Suite("What is done about a record by the end of a run")
struct EventualActionTests {
    private let fixture = PlanningFixture.keyed(by: .account)

    private func action(_ record: UserRecord, _ others: [UserRecord], cutoff: Int64 = 10_000) -> PurgeAction? {
        let directory = NodeDirectory(nodes: fixture.nodes, policy: fixture.policy)
        return BacklogEntry(record: record, others: others).map {
            PurgePlanner(policy: fixture.policy)
                .eventualAction(for: $0, in: directory, scope: BacklogScope(cutoff: Timestamp(cutoff)))
        }
    }

    private func isPurge(_ action: PurgeAction?) -> Bool { if case .purge = action { true } else { false } }

    @Test("a tombstone goes in the same run as the records that it waits for")
    func together() {
        let tombstone = UserRecord.tombstone("a", uid: 3)
        let others = [
            UserRecord.of("a", uid: 1, clientState: "cc", replacedAt: 5),
            .of("a", uid: 2, clientState: "dd", replacedAt: 6),
        ]
        #expect(fixture.action(tombstone, others: others) == .wait(.tombstoneLast))
        #expect(isPurge(action(tombstone, others)))
    }

    @Test("a tombstone waits on for a record that is too young to go")
    func left() {
        let tombstone = UserRecord.tombstone("a", uid: 3)
        let young = UserRecord.of("a", uid: 1, clientState: "cc", replacedAt: 20_000)
        #expect(action(tombstone, [young]) == .wait(.tombstoneLast))
        #expect(isPurge(action(tombstone, [young], cutoff: 30_000)))
    }

    @Test("whatever doesn't wait is as it was decided on")
    func others() {
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let active = UserRecord.of("a", uid: 2, replacedAt: nil)
        #expect(action(record, [active]) == .deleteRecord(.sharedData))
        #expect(action(record, [active]) == fixture.action(record, others: [active]))
    }
}
