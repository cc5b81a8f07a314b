@testable import Monitoring
import Purging
import TestSupport
import Testing

@Suite("What the monitor says of the program")
struct MonitorTests {
    @Test("it is ready once the database has answered, not while it fails or hangs, and not when it stops")
    func readiness() async {
        let world = World()
        #expect(!world.monitor.readiness.isGood)
        await world.watch(seconds: 1)
        #expect(world.monitor.readiness.isGood)
        // Nobody asks any more, as if the question were stuck.
        world.time.advance(by: .seconds(120))
        #expect(world.monitor.readiness.text.contains("has not answered"))
        world.probe.fails()
        await world.watch(seconds: 1)
        #expect(world.monitor.readiness.text == "the database: it is on fire")
        #expect(world.monitor.state().database.problem == "it is on fire")
        world.probe.answers(.empty)
        await world.watch(seconds: 1)
        #expect(world.monitor.readiness.isGood)
        world.stopSignal.request()
        #expect(world.monitor.readiness.text == "stopping")
    }

    @Test("it is alive as long as its tasks get their turn, and a run that is under way gives a sign")
    func liveness() async {
        let world = World()
        await world.watch(seconds: 1)
        #expect(world.monitor.liveness.isGood)
        world.board.publish(RunStatus(summary: RunSummary()), at: world.time.now)
        await world.watch(seconds: 55)
        #expect(world.monitor.liveness.isGood)
        await world.watch(seconds: 10)
        #expect(world.monitor.liveness.text == "the run has been stuck for a minute")
        world.board.clear()
        #expect(world.monitor.liveness.isGood)
        world.time.advance(by: .seconds(61))
        #expect(!world.monitor.liveness.isGood)
    }

    @Test("a database in trouble doesn't make it look dead, which would have it killed")
    func databaseTrouble() async {
        let world = World()
        world.probe.fails()
        await world.watch(seconds: 100)
        #expect(world.monitor.liveness.isGood)
        #expect(!world.monitor.readiness.isGood)
    }

    @Test("it keeps a sample a minute for twelve hours, with gaps where nothing was known")
    func history() async {
        let world = World()
        let (probe, ledger, start) = (world.probe, world.ledger, world.time.wallTime)
        probe.answers(.oldest(start.advanced(by: .seconds(-1000))))
        ledger.observe(
            .backlogCounted(BacklogSize(purgeable: 10_000, waitingForDownedNodes: 0, oldest: nil), now: start)
        )
        await world.watch(seconds: 13 * 3600) { second in
            if second % 60 == 5 { ledger.observe(.recordDeleted(UID(Int64(second)), NodeID(1), .notDown)) }
            if second == 7200 { probe.fails() }
            if second == 10_800 { probe.answers(.empty) }
        }
        let samples = world.monitor.state().history
        #expect(samples.count == 720)
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $1.at.since($0.at) == .seconds(60) })
        #expect(samples.dropFirst().allSatisfy { $0.deleted == 1 })
        #expect(samples.last?.records == 10_000 - 779)
        #expect(samples.contains { $0.oldestAge == nil } && samples.last?.oldestAge == .zero)
    }

    @Test("where the age can't be looked up, the last count tells it, and it goes on growing")
    func unknownAge() async {
        let world = World()
        world.probe.answers(.unknown)
        await world.watch(seconds: 2)
        #expect(world.monitor.readiness.isGood)
        #expect(world.monitor.state().oldestAge == nil)
        let now = world.time.wallTime
        let size = BacklogSize(purgeable: 5, waitingForDownedNodes: 0, oldest: now.advanced(by: .seconds(-100)))
        world.ledger.observe(.backlogCounted(size, now: now))
        await world.watch(seconds: 10)
        #expect(world.monitor.state().oldestAge == .seconds(110))
        world.probe.answers(.oldest(now))
        await world.watch(seconds: 20)
        // What was looked up once stays known.
        world.probe.answers(.unknown)
        await world.watch(seconds: 20)
        #expect(world.monitor.state().oldestAge == .seconds(50))
    }

    @Test("it says what the program does: begins, purges, pauses, waits, stops")
    func phases() {
        let world = World()
        #expect(world.monitor.state().phase == .beginning)
        world.ledger.observe(.started)
        world.board.publish(RunStatus(summary: RunSummary()), at: world.time.now)
        #expect(world.monitor.state().phase == .purging)
        world.board.publish(RunStatus(pause: .outsideWindows, summary: RunSummary()), at: world.time.now)
        #expect(world.monitor.state().phase == .paused(.outsideWindows))
        world.board.clear()
        world.ledger.observe(.finished(RunSummary()))
        let next = world.time.wallTime.advanced(by: .seconds(3600))
        world.board.announce(nextRun: next)
        #expect(world.monitor.state().phase == .waiting)
        #expect(world.monitor.state().nextRun == next)
        world.stopSignal.request()
        #expect(world.monitor.state().phase == .stopping)
    }

    @Test("a node's gate outlives the run on the board, what was in flight doesn't")
    func nodesAtRest() {
        let world = World()
        let status = RunStatus(summary: RunSummary(), nodes: [.named("https://one", .cutOff(.unreachable))])
        world.board.publish(status, at: world.time.now)
        world.board.clear()
        let node = world.monitor.state().nodes.first
        #expect(node?.state == .cutOff(.unreachable))
        #expect(node?.inFlight == 0 && node?.waiting == 0 && node?.limit == 8)
    }

    @Test("it remembers the last twenty runs, the newest first")
    func runs() {
        let world = World()
        for number in 1...25 {
            var summary = RunSummary()
            summary.read = number
            world.ledger.observe(.finished(summary))
        }
        #expect(world.monitor.state().book.runs.map(\.summary.read) == (6...25).reversed())
    }
}
