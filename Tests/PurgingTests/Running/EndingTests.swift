import Purging
import TestSupport
import Testing

@Suite("The end of a run")
struct EndingTests {
    @Test("comes at once on request, though the run is still waiting for the database to begin")
    func stoppedWhilePreparing() throws {
        let fixture = RunFixture(nodes: 1, records: (1...20).map { .obsolete(uid: $0) })
        let (time, stopSignal) = (fixture.time, fixture.stopSignal)
        let begin = time.now
        fixture.store.beforeCall { _ in await time.sleep(until: begin + .seconds(60)) }
        let summary = try fixture.run {
            await time.sleep(until: begin + .seconds(1))
            stopSignal.request()
        }
        #expect(summary.stopReason == .stopRequested)
        #expect(summary.exitCode(isStrict: false) == 0)
        #expect(summary.duration < .seconds(2))
        #expect(fixture.uids.count == 20)
    }

    @Test("is not put off by a pause that a node asked for before it was left")
    func leftAfterAPause() throws {
        let fixture = RunFixture(nodes: 1, records: (1...20).map { .obsolete(uid: $0) })
        fixture.nodes.node(Node.url(1)) { request, _ in
            if request.uid == UID(1) {
                return .init(.busy(status: 503), after: .milliseconds(100)).asking(retryAfter: .seconds(100))
            }
            return .init(.decommissioned, after: .seconds(2))
        }
        let summary = try fixture.run()
        #expect(summary.skipped > 0 && fixture.uids.count == 20)
        #expect(summary.duration < .seconds(10), "\(summary.duration)")
    }
}
