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
        world.board.clear(sawAll: true)
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
        // The last deletion may have come just before or behind it.
        #expect([10_000 - 780, 10_000 - 779].contains(samples.last?.records))
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
        // A newer count knows better.
        let empty = BacklogSize(purgeable: 0, waitingForDownedNodes: 0, oldest: nil)
        world.ledger.observe(.backlogCounted(empty, now: world.time.wallTime))
        #expect(world.monitor.state().oldestAge == .zero)
        // But not for ever.
        await world.watch(seconds: 600)
        #expect(world.monitor.state().oldestAge == .zero)
        await world.watch(seconds: 2)
        #expect(world.monitor.state().oldestAge == nil)
    }

    @Test("it says what the program does: begins, purges, pauses, ends, waits, stops")
    func phases() {
        let world = World()
        #expect(world.monitor.state().phase == .beginning)
        world.board.wait(forInstance: "session 7")
        #expect(world.monitor.state().phase == .waiting(instance: "session 7"))
        #expect(StatusDocument(world.monitor.state()).json.contains(#""waits_for_instance":"session 7""#))
        #expect(StatusPage(world.monitor.state()).html.contains("Another instance purges this backlog (session 7)"))
        world.board.wait(forInstance: nil)
        world.ledger.observe(.started(nil))
        world.board.begin()
        #expect(world.monitor.state().phase == .beginning)
        world.board.publish(RunStatus(summary: RunSummary()), at: world.time.now)
        #expect(world.monitor.state().phase == .purging)
        world.board.publish(RunStatus(pause: .outsideWindows(opensAt: nil), summary: RunSummary()), at: world.time.now)
        #expect(world.monitor.state().phase == .paused(.outsideWindows(opensAt: nil)))
        // By a limit of its own, which nobody asked for.
        world.board.publish(RunStatus(summary: RunSummary(), isStopping: true), at: world.time.now)
        #expect(world.monitor.state().phase == .ending)
        #expect(!world.monitor.state().isStopRequested)
        // The count beside it may take longer.
        world.board.clear(sawAll: true)
        #expect(world.monitor.state().phase == .ending)
        world.ledger.observe(.finished(RunSummary()))
        let next = world.time.wallTime.advanced(by: .seconds(3600))
        world.board.wait(forRunAt: next)
        #expect(world.monitor.state().phase == .idle)
        #expect(world.monitor.state().nextRun == next)
        // The next run is none any more once it has begun, whatever it writes.
        world.ledger.observe(.started(nil))
        #expect(world.monitor.state().nextRun == nil)
        world.stopSignal.request()
        #expect(world.monitor.state().phase == .stopping)
        #expect(world.monitor.state().isStopRequested)
    }

    @Test("a copy that finds no free share waits")
    func noShare() {
        let world = World()
        world.board.wait(forRunAt: nil)
        #expect(world.monitor.state().phase == .idle)
    }

    @Test("a node's gate outlives the run on the board, what was in flight and its pause don't")
    func nodesAtRest() {
        let world = World()
        let nodes: [NodeStatus] = [
            .named("https://one", .circuitOpen(.unreachable)), .named("https://two", .backingOff(for: .seconds(90))),
        ]
        world.board.publish(RunStatus(summary: RunSummary(), nodes: nodes), at: world.time.now)
        world.board.clear(sawAll: true)
        let left = world.monitor.state().nodes
        #expect(left.map(\.state) == [.circuitOpen(.unreachable), .healthy])
        #expect(left.allSatisfy { $0.inFlight == 0 && $0.waiting == 0 && $0.limit == 8 })
    }

    @Test("where no node accepted the secret, none is in trouble for refusing everything, but for other reasons")
    func wrongSecret() {
        let world = World()
        let nodes: [NodeStatus] = [
            .named("https://one", .circuitOpen(.refusesEverything)), .named("https://two", .circuitOpen(.unreachable)),
        ]
        world.board.publish(RunStatus(summary: RunSummary(), nodes: nodes), at: world.time.now)
        world.board.clear(sawAll: false, secretWasRefused: true)
        #expect(world.monitor.state().nodes.map(\.state) == [.unproven, .circuitOpen(.unreachable)])
    }

    @Test(
        "a node that a run over everything doesn't meet is forgotten, as it may be down or gone; one of a shard proves nothing"
    )
    func forgottenNode() {
        let world = World()
        let bad = NodeStatus.named("https://bad", .abandoned(.unreachable))
        let good = NodeStatus.named("https://good")
        func run(_ nodes: [NodeStatus], sawAll: Bool) {
            world.board.begin()
            world.board.publish(RunStatus(summary: RunSummary(), nodes: nodes), at: world.time.now)
            world.board.clear(sawAll: sawAll)
        }
        func known() -> Set<String> { Set(world.monitor.state().nodes.map(\.url)) }
        run([bad, good], sawAll: true)
        run([good], sawAll: false)
        #expect(known() == ["https://bad", "https://good"])
        // A run that failed before it met any.
        run([], sawAll: false)
        #expect(known() == ["https://bad", "https://good"])
        world.time.advance(by: .seconds(3600))
        run([good], sawAll: false)
        #expect(known() == ["https://bad", "https://good"])
        // Not for ever.
        world.time.advance(by: .seconds(3601))
        run([good], sawAll: false)
        #expect(known() == ["https://good"])
        run([bad, good], sawAll: true)
        run([good], sawAll: true)
        #expect(known() == ["https://good"])
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
