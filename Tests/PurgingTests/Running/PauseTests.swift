import Purging
import Synchronization
import TestSupport
import Testing

@Suite("A pause")
struct PauseTests {
    /// From 3 s after the beginning until 63 s after it.
    private struct OneMinute: PauseSource {
        func reason(at now: Timestamp) -> PauseReason? {
            let seconds = now.since(RunFixture.wallTime).inSeconds
            return seconds >= 3 && seconds < 63 ? .file("pause") : nil
        }
    }

    private struct Forever: PauseSource {
        func reason(at now: Timestamp) -> PauseReason? { .outsideWindows(opensAt: nil) }
    }

    private func fixture(takes seconds: Int = 1) -> RunFixture {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...200))
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(seconds)) }
        return fixture
    }

    @Test("sends nothing new while it lasts, settles what was confirmed, and then goes on", arguments: [1, 20])
    func lasts(seconds: Int) throws {
        let fixture = fixture(takes: seconds)
        let begin = fixture.time.now
        let (time, store, nodes) = (fixture.time, fixture.store, fixture.nodes)
        let during = Mutex((records: 0, confirmed: 0))
        let summary = try fixture.run(pauses: OneMinute()) {
            await time.sleep(until: begin + .seconds(60))
            during.withLock { $0 = (store.records.count, nodes.exchanges.count) }
        }
        #expect(summary.stopReason == .complete)
        #expect(fixture.uids.isEmpty)
        // It is looked for once a second.
        let sent = fixture.nodes.exchanges.map { $0.sentAt - begin }
        #expect(sent.allSatisfy { $0 <= .seconds(4.1) || $0 >= .seconds(63) })
        #expect(sent.contains { $0 <= .seconds(4.1) } && sent.contains { $0 >= .seconds(63) })
        // Everything that was sent before it was settled during it.
        let (left, confirmed) = during.withLock { $0 }
        #expect(left == 200 - confirmed && confirmed > 0)
        #expect(fixture.oldestDecisionSent <= .seconds(5))
        #expect(fixture.observer.events.filter { if case .paused = $0 { true } else { false } }.count == 2)
    }

    @Test("from the beginning: nothing is read or sent, and a stop ends the run")
    func fromTheBeginning() throws {
        let fixture = fixture()
        let (time, stopSignal) = (fixture.time, fixture.stopSignal)
        let begin = time.now
        let summary = try fixture.run(pauses: Forever()) {
            await time.sleep(until: begin + .seconds(1000))
            stopSignal.request()
        }
        #expect(summary.stopReason == .stopRequested)
        #expect(summary.requests == 0 && summary.read == 0)
        // Whoever watches is told that it is over.
        let pauses = fixture.observer.events.compactMap { event -> PauseReason?? in
            if case .paused(let reason) = event { .some(reason) } else { nil }
        }
        #expect(pauses == [.outsideWindows(opensAt: nil)])
        #expect(fixture.uids.count == 200)
    }

    @Test("tells on the board what the run is doing, and nothing after it")
    func board() throws {
        let fixture = fixture()
        let board = StatusBoard()
        let time = fixture.time
        let begin = time.now
        let seen = Mutex<[RunStatus]>([])
        try fixture.run(pauses: OneMinute(), board: board) {
            for second in 1...70 {
                await time.sleep(until: begin + .seconds(second))
                if let status = board.status { seen.withLock { $0.append(status) } }
            }
        }
        let all = seen.withLock { $0 }
        #expect(board.status == nil)
        let paused = try #require(all.last { $0.pause != nil })
        #expect(paused.summary.deletedTotal > 0)
        #expect(paused.nodes.first?.inFlight == 0)
        let busy = try #require(all.first { $0.pause == nil && !$0.nodes.isEmpty })
        #expect(busy.nodes.map(\.url) == [Node.url(1)])
        #expect(busy.nodes.first?.state == .unproven && paused.nodes.first?.state == .healthy)
    }
}
