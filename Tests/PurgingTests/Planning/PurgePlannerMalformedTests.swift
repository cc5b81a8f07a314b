import TestSupport
import Testing

@testable import Purging

@Suite("The planner and what Tokenserver's schema forbids")
struct PurgePlannerMalformedTests {
    private static func malformed(_ record: UserRecord) -> UserRecord {
        var record = record
        record.malformation = "generation is NULL"
        return record
    }

    @Test(
        "fails a malformed record wherever it lies, with the column",
        arguments: [StorageKeying.uid, .account, .unknown]
    )
    func record(keying: StorageKeying) {
        let fixture = PlanningFixture.keyed(by: keying)
        for node in [Int64(1), 9] {
            let record = Self.malformed(.of("a", uid: 1, replacedAt: 5, node: node))
            #expect(fixture.action(record) == .fail(.malformed))
            let planner = PurgePlanner(policy: fixture.policy)
            #expect(planner.problem(of: record) == "generation is NULL")
        }
    }

    @Test(
        "holds the account's other records where a login might read it, and purges them where data is each record's own"
    )
    func account() {
        for other in [UserRecord.of("a", uid: 2, replacedAt: nil), .of("a", uid: 2, clientState: "cc", replacedAt: 9)] {
            let record = UserRecord.of("a", uid: 1, clientState: "dd", replacedAt: 5)
            for keying in [StorageKeying.account, .unknown] {
                let action = PlanningFixture.keyed(by: keying).action(record, others: [Self.malformed(other)])
                #expect(action == .hold(.sharedData))
            }
            let action = PlanningFixture.keyed(by: .uid).action(record, others: [Self.malformed(other)])
            if case .purge = action {} else { Issue.record("\(String(describing: action))") }
        }
    }
}
