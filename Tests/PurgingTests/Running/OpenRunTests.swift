import SyncTokens
import Synchronization
import TestSupport
import Testing

@testable import Purging

/// What keeps a run from ending, and what a run must not leave because it ended too early.
@Suite("No node keeps a run open")
struct OpenRunTests {
    /// Records of node 1 come first and between the others.
    private static func records(_ count: Int64, nodes: Int64) -> [UserRecord] {
        .obsolete(1...count) { ($0 - 1) % nodes + 1 }
    }

    private static func url(_ exchange: SimulatedNodes.Exchange) -> String { exchange.request.target.text }

    @Test(
        "one that asks for quiet again and again is left after the third time, and is not asked before it said, not in the next run either"
    )
    func quietForGood() throws {
        let fixture = RunFixture(nodes: 5, records: Self.records(400, nodes: 5))
        fixture.nodes.node(Node.url(1)) { _, _ in
            SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(40))
        }
        let begin = fixture.time.now
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 320)
        #expect(summary.stopReason == .incomplete && summary.troubledNodes.map(\.records) == [80])
        #expect(fixture.time.now - begin < .seconds(100), "it took \(fixture.time.now - begin)")
        let asked = fixture.nodes.exchanges.filter { Self.url($0) == Node.url(1) }
        // At first two at once, then one at a time.
        #expect(asked.count <= 4)
        let last = try #require(asked.last?.answeredAt)
        for record in [UserRecord].obsolete(1001...1050, node: { _ in 2 }) { fixture.store.insert(record) }
        let next = try fixture.run()
        #expect(next.deletedTotal == 50)
        #expect(
            fixture.nodes.exchanges.filter { Self.url($0) == Node.url(1) && $0.sentAt < last + .seconds(40) }.count
                == asked.count
        )
        #expect(fixture.time.now - last < .seconds(40))
        #expect(next.stopReason == .incomplete)
        // Once its time is over, it is asked again.
        fixture.nodes.node(Node.url(1)) { _, _ in .good }
        fixture.time.advance(by: .seconds(60))
        #expect(try fixture.run().deletedTotal == 80)
        #expect(fixture.uids == [])
    }

    @Test("one that answers well between its pauses keeps its place")
    func quietNowAndThen() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...12))
        let count = Mutex(0)
        fixture.nodes.node(Node.url(1)) { _, _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number % 3 == 0 ? .good : SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(5))
        }
        #expect(try fixture.run().stopReason == .complete)
        #expect(fixture.uids == [])
    }

    /// A neighbour that keeps the run going for so long.
    private static func busyNeighbour(_ fixture: RunFixture) {
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(2)) }
    }

    @Test("one that was dead for a while and is back is taken up in the same run; what was decided there stays so")
    func isBack() throws {
        let fixture = RunFixture(nodes: 2, records: Self.records(8000, nodes: 2))
        Self.busyNeighbour(fixture)
        let (begin, time) = (fixture.time.now, fixture.time)
        fixture.nodes.node(Node.url(1)) { request, _ in
            if request.uid == UID(3) { return .init(.notFound) }
            let isDead = (Duration.seconds(1)..<Duration.seconds(70)).contains(time.now - begin)
            return isDead ? .init(.unreachable(what: "refused", sent: false), after: .zero) : .good
        }
        let summary = try fixture.run()
        #expect(
            fixture.observer.events.contains { if case .nodeChanged(_, .abandoned, _) = $0 { true } else { false } }
        )
        #expect(summary.stopReason == .complete, "\(summary.stopReason), \(summary.troubledNodes)")
        #expect(summary.skipped == 0 && summary.troubledNodes.isEmpty)
        #expect(fixture.uids == [3])
        #expect(summary.held == [.notFound: 1])
        #expect(fixture.nodes.exchanges(of: UID(3)).count == 1)
        // Nothing was deleted twice.
        let confirmed = fixture.nodes.exchanges.filter(\.deletedData).map(\.request.uid)
        #expect(confirmed.count == Set(confirmed).count)
        #expect(summary.deletedTotal == 7999)
    }

    @Test("one that stays dead is probed at growing intervals, and its records stay")
    func staysDead() throws {
        let fixture = RunFixture(nodes: 2, records: Self.records(24_000, nodes: 2))
        Self.busyNeighbour(fixture)
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.unreachable(what: "refused", sent: false), after: .zero) }
        let begin = fixture.time.now
        let summary = try fixture.run()
        let span = fixture.time.now - begin
        #expect(span > .seconds(700), "the neighbour takes \(span)")
        #expect(summary.deletedTotal == 12_000 && fixture.uids.count == 12_000)
        #expect(summary.stopReason == .incomplete)
        #expect(summary.troubledNodes.map(\.records) == [12_000])
        let probes = fixture.nodes.exchanges.filter { Self.url($0) == Node.url(1) }.map { $0.sentAt - begin }
            .filter { $0 > .seconds(50) }
        #expect((2...6).contains(probes.count), "\(probes)")
        let pauses = zip(probes, probes.dropFirst()).map { $1 - $0 }
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $1 > $0 * 1.5 }, "\(pauses)")
    }

    @Test("one that is decommissioned is not asked again")
    func decommissioned() throws {
        let fixture = RunFixture(nodes: 2, records: Self.records(8000, nodes: 2))
        Self.busyNeighbour(fixture)
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.decommissioned) }
        _ = try fixture.run()
        #expect(fixture.nodes.exchanges.filter { Self.url($0) == Node.url(1) }.count <= 2)
    }

    @Test(
        "--max-records is reached exactly although some of its records wait for a node, and only then is it the reason"
    )
    func maxRecords() throws {
        var options = RunOptions()
        options.maxRecords = 25
        for others in [100, 20] {
            let fixture = RunFixture(
                nodes: 2,
                records: .obsolete(1...5) { _ in 1 } + .obsolete(6...Int64(5 + others)) { _ in 2 },
                options: options
            )
            fixture.nodes.node(Node.url(1)) { _, _ in
                SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(40))
            }
            let begin = fixture.time.now
            let summary = try fixture.run()
            #expect(summary.deletedTotal == min(25, others))
            if others > 25 {
                #expect(summary.stopReason == .maxRecords)
                #expect(fixture.time.now - begin < .seconds(20), "it took \(fixture.time.now - begin)")
            } else {
                #expect(summary.stopReason == .incomplete)
            }
        }
    }

    @Test("a run ends by the purge interval though a node asks for quiet beyond it")
    func interval() throws {
        var options = RunOptions()
        options.longestWait = .seconds(30)
        let fixture = RunFixture(nodes: 2, records: Self.records(40, nodes: 2), options: options)
        fixture.nodes.node(Node.url(1)) { _, attempt in
            attempt > 0 ? .good : SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(100))
        }
        let begin = fixture.time.now
        let summary = try fixture.run()
        #expect(fixture.time.now - begin < .seconds(40))
        #expect(summary.deletedTotal == 20 && summary.stopReason == .incomplete)
        #expect(summary.troubledNodes.map(\.records) == [20])
    }

    @Test("what it waits for is told, and until when")
    func isTold() throws {
        let fixture = RunFixture(nodes: 2, records: Self.records(40, nodes: 2))
        let board = StatusBoard()
        fixture.nodes.node(Node.url(1)) { _, attempt in
            attempt > 0 ? .good : SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(40))
        }
        let seen = Mutex<[NodeWait]>([])
        let time = fixture.time
        _ = try fixture.run(board: board) {
            await time.sleep(until: time.now + .seconds(10))
            seen.withLock { $0 = board.status?.waits ?? [] }
        }
        let wait = try #require(seen.withLock { $0 }.first)
        #expect(wait.url == Node.url(1))
        #expect((Duration.seconds(28)...Duration.seconds(32)).contains(wait.time), "\(wait.time)")
        let told = fixture.observer.events.compactMap { if case .waiting(let waits) = $0 { waits } else { nil } }
        #expect(told.contains { $0.map(\.url) == [Node.url(1)] })
    }

    @Test("nodes that hang one after the other don't keep a run open for each other's probes")
    func staggeredHanging() throws {
        var options = RunOptions()
        options.dispatcher.gate.ceiling = 4
        options.maxRuntime = .seconds(4 * 3600)
        let fixture = RunFixture(nodes: 30, records: Self.records(30 * 300, nodes: 30), options: options)
        let (begin, time) = (fixture.time.now, fixture.time)
        for number in Int64(1)...30 {
            fixture.nodes.node(Node.url(number)) { _, _ in
                time.now - begin < .seconds(number * 32)
                    ? .init(.confirmed(lastModified: 1), after: .seconds(20))
                    : .init(.timedOut, after: .seconds(60))
            }
        }
        let summary = try fixture.run()
        #expect(summary.stopReason == .incomplete)
        #expect(fixture.time.now - begin < .seconds(3000), "it took \(fixture.time.now - begin)")
    }

    @Test("nothing is deleted without a secret that was accepted, though its only node may not be asked yet")
    func unproven() throws {
        let fixture = RunFixture(
            nodes: 1,
            records: .obsolete(1...5) { _ in 1 } + .obsolete(6...15) { _ in 9 }
        )
        fixture.nodes.node(Node.url(1)) { _, _ in
            SimulatedNodes.Reply(.busy(status: 503)).asking(retryAfter: .seconds(1000))
        }
        for _ in 0..<2 {
            let summary = try fixture.run()
            #expect(summary.deletedTotal == 0)
            #expect(summary.stopReason == .incomplete)
        }
        #expect(fixture.uids.count == 15)
    }

    @Test("with --order deleted-first, what a node had of deleted accounts is purged once it is back")
    func deletedFirst() throws {
        var options = RunOptions()
        options.order = .deletedFirst
        let records = (Int64(1)...4000).map { uid in
            var record = UserRecord.obsolete(uid: uid, replacedAt: 1000 + uid, node: (uid - 1) % 2 + 1)
            if uid % 3 == 0 { record.generation = .max }
            return record
        }
        let fixture = RunFixture(nodes: 2, records: records, options: options)
        Self.busyNeighbour(fixture)
        let (begin, time) = (fixture.time.now, fixture.time)
        fixture.nodes.node(Node.url(1)) { _, _ in
            let isDead = (Duration.milliseconds(100)..<Duration.seconds(75)).contains(time.now - begin)
            return isDead ? .init(.unreachable(what: "refused", sent: false), after: .zero) : .good
        }
        let summary = try fixture.run()
        #expect(fixture.uids.isEmpty || summary.stopReason == .incomplete, "\(fixture.uids.count) left")
        #expect(fixture.uids.isEmpty)
    }
}
