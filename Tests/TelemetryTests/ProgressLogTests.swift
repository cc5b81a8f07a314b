import Logging
import Purging
import Testing

@testable import Telemetry

@Suite("The log of a long run's progress")
struct ProgressLogTests {
    private let sink = CapturingSink()
    private let clock = ManualClock()

    private func observer(limit: Int? = nil) -> ProgressLogObserver {
        let output = LogOutput.fixed(sink)
        let logger = Logger(label: "test") { _ in LineLogHandler(.human, output: output, level: .info) }
        return ProgressLogObserver(logger: logger, limit: limit, clock: clock)
    }

    private func counted(_ purgeable: Int, waiting: Int = 0) -> RunEvent {
        .backlogCounted(
            BacklogSize(purgeable: purgeable, waitingForDownedNodes: waiting, oldest: nil),
            now: Timestamp(0)
        )
    }

    @Test("tells once a minute what is done and held, the rate of that minute and the time left")
    func lines() throws {
        let observer = observer()
        observer.observe(counted(10_000, waiting: 1_000))
        observer.observe(.progressed(done: 1, held: 0, failed: 0))
        for second in 1...119 {
            clock.advance(by: .seconds(1))
            observer.observe(.progressed(done: 1 + 10 * second, held: 5 * second, failed: 0))
        }
        #expect(sink.writes.count == 1)
        // 15 a second are dealt with, 901 of 9,000 after a minute.
        let line = try #require(sink.writes.first)
        #expect(line.contains("purged 601 of 9,000 · 300 held · 15/s · 9 min left"))
        #expect(line.contains("records_deleted=601") && line.contains("records_held=300"))
        #expect(line.contains("time_left_s=540"))
    }

    @Test(
        "names no total where a limit ends the run before the backlog does: what is held or needs no request doesn't count for it"
    )
    func limited() throws {
        let observer = observer(limit: 400)
        observer.observe(counted(10_000))
        observer.observe(.progressed(done: 0, held: 0, failed: 0))
        clock.advance(by: .seconds(60))
        observer.observe(.progressed(done: 300, held: 0, failed: 0))
        #expect(try #require(sink.writes.last).contains("purged 300 · 5/s · — left"))
    }

    @Test("names no time left as long as nothing was counted, or nothing moves")
    func unknown() throws {
        let observer = observer()
        observer.observe(.progressed(done: 5, held: 0, failed: 0))
        clock.advance(by: .seconds(60))
        observer.observe(.progressed(done: 5, held: 0, failed: 0))
        #expect(try #require(sink.writes.last).contains("— left"))
        #expect(!sink.writes.joined().contains("time_left_s"))
    }

    @Test("tells that nothing moves from the beginning on")
    func nothingMoves() {
        let observer = observer()
        observer.observe(counted(800))
        for _ in 0...120 {
            observer.observe(.progressed(done: 0, held: 0, failed: 0))
            clock.advance(by: .seconds(1))
        }
        #expect(sink.writes.count == 2 && sink.writes.allSatisfy { $0.contains("purged 0 of 800 · 0/s · — left") })
    }

    @Test("starts anew with each run")
    func nextRun() {
        let observer = observer()
        observer.observe(.progressed(done: 5000, held: 0, failed: 0))
        observer.observe(.finished(RunSummary()))
        clock.advance(by: .seconds(3600))
        observer.observe(.progressed(done: 10, held: 0, failed: 0))
        #expect(sink.writes.isEmpty)
    }
}
