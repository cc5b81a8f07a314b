@testable import Purging
import TestSupport
import Testing

@Suite("The backlog report")
struct BacklogReportTests {
    private static let day = 86_400 * 1000

    private func report(_ fixture: RunFixture) throws -> BacklogReport {
        let result = try fixture.simulation.run {
            do {
                return Result<BacklogReport, any Error>.success(
                    try await BacklogReport(
                        source: fixture.store,
                        options: fixture.options,
                        policy: fixture.policy,
                        time: fixture.time,
                        stopSignal: fixture.stopSignal,
                        progress: { _ in }
                    )
                )
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func replaced(daysAgo days: Double) -> Int64 {
        RunFixture.wallTime.rawValue - Int64(days * Double(Self.day))
    }

    @Test("counts every record once, by node and by age, downed nodes' too")
    func counts() throws {
        var records: [UserRecord] = []
        for (uid, days) in [1.5, 6, 8, 40, 100, 400, 900].enumerated() {
            records.append(.obsolete(uid: Int64(uid), replacedAt: replaced(daysAgo: days), node: Int64(uid % 3) + 1))
        }
        records.append(.of("x", uid: 50, clientState: "no", replacedAt: replaced(daysAgo: 2), node: 9))
        records.append(.of("y", uid: 51, clientState: "no", replacedAt: replaced(daysAgo: 3)))
        records.append(.obsolete(uid: 60, replacedAt: replaced(daysAgo: 0.5)))
        let fixture = RunFixture(nodes: 3, records: records)
        fixture.store.updateNode(3) { $0.node.isDowned = true }
        let report = try report(fixture)
        #expect(report.total.total == 9)
        #expect(report.byNode[NodeID(3)]?.waiting == 2)
        #expect(report.byNode[NodeID(9)]?.purgeable == 1)
        #expect(report.total.malformed == 1)
        #expect(report.byAge.mapValues(\.total) == [.week: 4, .month: 1, .quarter: 1, .year: 1, .older: 2])
        #expect(report.total.oldest == Timestamp(replaced(daysAgo: 900)))
        #expect(!report.isPartial)
        #expect(fixture.store.settlementsAsked.isEmpty)
    }

    @Test("tells why records are held")
    func held() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...3), policy: .byAccount)
        #expect(try report(fixture).held.mapValues(\.count) == [.revivable: 3])
    }

    @Test("says that it is partial when it was told to stop")
    func stopped() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...3000))
        fixture.stopSignal.request()
        let report = try report(fixture)
        #expect(report.isPartial)
        #expect(report.total.total == 1000)
    }

    @Test("puts ages into classes by their upper ends")
    func ages() {
        let cases: [(Double, BacklogReport.Age)] = [
            (0, .day), (0.99, .day), (1, .week), (6.99, .week), (7, .month), (30, .quarter), (90, .year), (365, .older),
        ]
        for (days, age) in cases {
            #expect(BacklogReport.Age(of: .seconds(days * 86_400)) == age)
        }
    }
}
