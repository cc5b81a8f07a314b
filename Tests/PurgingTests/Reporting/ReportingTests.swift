@testable import Purging
import TestSupport
import Testing

@Suite("Law 10: the exit code tells the truth")
struct ExitCodeLaw {
    private func code(isStrict: Bool = false, _ configure: (inout RunSummary) -> Void) -> Int32 {
        var summary = RunSummary()
        configure(&summary)
        return summary.exitCode(isStrict: isStrict)
    }

    @Test("0 when all was done that could safely be done, 3 for what is held or waits only when strict")
    func heldAndWaiting() {
        let cases: [(inout RunSummary) -> Void] = [
            { $0.held = [.revivable: 1] }, { $0.onDownedNodes = 5 }, { $0.waiting = [.tombstoneLast: 1] },
            { $0.waiting = [.nodeDown: 1] }, { $0.stopReason = .maxRecords },
            {
                $0.onDownedNodes = nil
                $0.hasDownedNodes = true
            },
        ]
        for configure in cases {
            #expect(code(configure) == 0)
            #expect(code(isStrict: true, configure) == 3)
        }
        #expect(code(isStrict: true) { $0.deleted = [.notDown: 9] } == 0)
        #expect(code(isStrict: true) { $0.onDownedNodes = nil } == 0)
    }

    @Test("3 when records failed, or nodes could not be reached or answered wrongly")
    func trouble() {
        #expect(code { $0.failed = [.timeout: 1] } == 3)
        #expect(code { $0.untouched = 1 } == 3)
        #expect(code { $0.troubledNodes = [RunSummary.NodeTrouble(url: "u", reason: "r")] } == 3)
    }

    @Test("1 when the run could not be done, whatever else is true")
    func errors() {
        for reason in [StopReason.secretRefused, .loopDetected, .storeFailed("x"), .nodesImplausible("x")] {
            #expect(code { $0.stopReason = reason } == 1)
            #expect(code { ($0.stopReason, $0.failed) = (reason, [.timeout: 1]) } == 1)
            #expect(reason.detail != nil)
        }
    }

    @Test("0 when it was told to stop")
    func stopRequested() {
        #expect(code(isStrict: true) { ($0.stopReason, $0.held) = (.stopRequested, [.revivable: 1]) } == 0)
    }

    @Test("clocks disagree when they are more than a minute apart, either way")
    func clocks() {
        var summary = RunSummary()
        for (seconds, disagree) in [(60, false), (61, true), (-60, false), (-61, true)] {
            summary.clockSkew = .seconds(seconds)
            #expect(summary.clocksDisagree == disagree)
        }
    }
}

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
        #expect(report.total.oldest == Milliseconds(replaced(daysAgo: 900)))
        #expect(!report.isPartial)
        #expect(fixture.store.settlementsAsked.isEmpty)
    }

    @Test("tells why records are held")
    func held() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...3), policy: .byAccount)
        #expect(try report(fixture).held == [.revivable: 3])
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
