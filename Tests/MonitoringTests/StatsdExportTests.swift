import Purging
import TestSupport
import Testing

@testable import Monitoring

@Suite("What statsd is told")
struct StatsdExportTests {
    private let time = ManualTime()
    private let ledger: RunLedger
    private let start: Timestamp

    init() {
        ledger = RunLedger(isRehearsal: false, keepsTimings: true, time: time)
        start = time.wallTime
    }

    private func export(isRehearsal: Bool = false, ageObjective: Duration? = nil) -> StatsdExport {
        StatsdExport(ledger: ledger, isRehearsal: isRehearsal, ageObjective: ageObjective)
    }

    private func finish(_ reason: StopReason, held: Int = 0) {
        var summary = RunSummary()
        summary.stopReason = reason
        summary.duration = .milliseconds(1500)
        if held > 0 { summary.held[.revivable] = held }
        ledger.observe(.finished(summary))
    }

    @Test("is what happened since it was told last, under the original's names")
    func sums() {
        let export = export()
        #expect(export.lines().isEmpty)
        ledger.observe(.pageRead(records: 10))
        for uid in Int64(1)...3 {
            ledger.observe(.dataDeleted(UID(uid), node: "https://a", .notDown, elapsed: .microseconds(12_346)))
            ledger.observe(.recordDeleted(UID(uid), NodeID(1), .notDown))
        }
        ledger.observe(.recordDeleted(UID(4), NodeID(9), .nodeless))
        ledger.observe(.recordFailed(UID(5), NodeID(1), .http4xx))
        ledger.observe(.recordHeld(UID(6), NodeID(1), .notFound, until: nil))
        ledger.observe(.deferralFailed(UID(5)))
        ledger.observe(.errorAnswered(UID(5), node: "https://a", .refused(status: 403)))
        ledger.observe(.deletionRedirected)
        ledger.observe(.limitReached)
        let first = export.lines()
        #expect(
            Set(first) == [
                "tokenserver.purge.batch.fetched:1|c", "tokenserver.delete_data:3|c|#type:not_down",
                "tokenserver.delete_user:3|c|#type:not_down", "tokenserver.delete_user:1|c|#type:nodeless",
                "tokenserver.row_failure:1|c|#reason:http_4xx", "tokenserver.row_held:1|c|#reason:not_found",
                "tokenserver.row_failure_bump_failed:1|c", "tokenserver.error.gone:1|c", "tokenserver.override:1|c",
                "tokenserver.max_records:1|c", "tokenserver.delete_data.duration_ms:12.346|ms",
            ],
            "\(first)"
        )
        #expect(first.filter { $0.hasSuffix("|ms") }.count == 3)
        ledger.observe(.recordDeleted(UID(7), NodeID(1), .notDown))
        #expect(export.lines() == ["tokenserver.delete_user:1|c|#type:not_down"])
        #expect(export.lines().isEmpty)
    }

    @Test("of a run's end: how it ended and how long it took, what it held, and that no pause is left")
    func ends() {
        let export = export()
        ledger.observe(.paused(.file("p")))
        #expect(export.lines() == ["tokenserver.purge.paused:1|g"])
        finish(.complete, held: 2)
        #expect(
            export.lines() == [
                "tokenserver.purge.run.success:1|c", "tokenserver.purge.paused:0|g", "tokenserver.purge.held.size:2|g",
                "tokenserver.purge.run.duration_ms:1500|ms",
            ]
        )
        // One that saw only a part says nothing of what is held.
        finish(.storeFailed("gone"), held: 1)
        ledger.observe(.notBegun)
        #expect(export.lines().contains("tokenserver.purge.run.failure:2|c"))
        finish(.maxRecords)
        #expect(export.lines().filter { $0.contains("held.size") } == ["tokenserver.purge.held.size:2|g"])
    }

    @Test(
        "of the backlog: each count, with the age of the oldest and the margin to the objective; in a dry run nothing else"
    )
    func backlog() {
        let export = export(isRehearsal: true, ageObjective: .seconds(100))
        let oldest = start.advanced(by: .milliseconds(-1250))
        ledger.observe(.recordHeld(UID(6), NodeID(1), .notFound, until: nil))
        ledger.observe(
            .backlogCounted(BacklogSize(purgeable: 67_890, waitingForDownedNodes: 0, oldest: oldest), now: start)
        )
        #expect(
            export.lines() == [
                "tokenserver.purge.backlog.size:67890|g", "tokenserver.purge.backlog.oldest_age_s:1.25|g",
                "tokenserver.purge.age_slo_margin_s:98.75|g",
            ]
        )
        finish(.complete)
        #expect(export.lines().isEmpty)
        let later = start.advanced(by: .seconds(60))
        ledger.observe(.backlogCounted(BacklogSize(purgeable: 0, waitingForDownedNodes: 0, oldest: nil), now: later))
        #expect(
            export.lines().prefix(2) == [
                "tokenserver.purge.backlog.size:0|g", "tokenserver.purge.backlog.oldest_age_s:0|g",
            ]
        )
    }

    @Test("beyond a thousand times in a second: an even selection, with the share that it makes up")
    func manyTimes() {
        for number in 0..<2000 {
            ledger.observe(.dataDeleted(UID(1), node: "https://a", .notDown, elapsed: .milliseconds(number)))
        }
        let times = export().lines().filter { $0.contains("duration_ms") }
        #expect(times == (0..<1000).map { "tokenserver.delete_data.duration_ms:\($0 * 2)|ms|@0.5" })
    }

    @Test("however many times come, those that are kept, by their share, are as many as came")
    func shareIsRight() {
        var sample = DurationSample()
        for count in 1...50_000 {
            sample.add(.zero)
            #expect(sample.values.count <= DurationSample.limit)
            #expect(abs(Double(sample.values.count) / sample.rate - Double(count)) < 0.001)
        }
    }
}
