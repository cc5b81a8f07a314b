@testable import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("A run")
struct PurgeRunTests {
    @Test("purges a backlog of several pages, and frees the slots")
    func wholeBacklog() throws {
        let fixture = RunFixture(nodes: 3, records: .obsolete(1...95) { $0 % 3 + 1 })
        let summary = try fixture.run()
        #expect(summary.stopReason == .complete)
        #expect(summary.deleted == [.notDown: 95])
        #expect(summary.read == 95)
        #expect(summary.requests == 95)
        #expect(fixture.uids.isEmpty)
        #expect(fixture.store.nodeRows.map(\.available).reduce(0, +) == 395)
        #expect(summary.exitCode(isStrict: true) == 0)
    }

    @Test("takes every record of a slow node too, in later passes", arguments: [1, 2, 3, 5, 10, 40], [1, 7, 19, 60])
    func slowNode(_ pageSize: Int, _ count: Int64) throws {
        var options = RunOptions()
        options.pageSize = pageSize
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...count * 2) { $0 % 2 + 1 }, options: options)
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(3)) }
        let summary = try fixture.run()
        #expect(fixture.uids.isEmpty)
        #expect(summary.deletedTotal == Int(count) * 2)
    }

    @Test("wraps around from a random start, and leaves nothing out", arguments: Seeds.some(40))
    func wrapAround(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var options = RunOptions()
        options.maxOffset = random.integer(1...80)
        options.pageSize = random.integer(1...20)
        let fixture = RunFixture(
            nodes: 3,
            records: .obsolete(1...60) { _ in Int64(random.integer(1...3)) },
            options: options,
            seed: seed
        )
        let latency = Duration.milliseconds(random.integer(1...4000))
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: latency) }
        let summary = try fixture.run()
        #expect(fixture.uids.isEmpty)
        #expect(summary.deletedTotal == 60)
        #expect(summary.read == 60)
    }

    // MARK: Limits

    @Test("confirms exactly --max-records, whatever the pages and the concurrency", arguments: Seeds.some(40))
    func maxRecords(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var options = RunOptions()
        let total = random.integer(1...50)
        options.maxRecords = total
        options.pageSize = random.integer(1...30)
        let fixture = RunFixture(
            nodes: 3,
            records: .obsolete(1...30) { _ in Int64(random.integer(1...3)) },
            options: options,
            seed: seed
        )
        fixture.nodes.node(Node.url(2)) { request, _ in
            request.uid.rawValue % 4 == 0 ? .init(.refused(status: 400)) : .init(.confirmed(lastModified: 1))
        }
        let refused = fixture.store.records.count { $0.nodeID == NodeID(2) && $0.uid.rawValue % 4 == 0 }
        let summary = try fixture.run()
        #expect(summary.dataDeleted == min(total, 30 - refused))
        #expect(summary.deletedTotal == summary.dataDeleted)
        if total < 30 - refused {
            #expect(summary.stopReason == .maxRecords)
            #expect(summary.exitCode(isStrict: false) == 0 || refused > 0)
        }
    }

    @Test("never deletes more data than --max-records, whatever the nodes do", arguments: Seeds.some(40))
    func maxRecordsInTrouble(_ seed: UInt64) throws {
        let total = Int(seed % 20) + 1
        let world = RandomWorld(seed: seed) { $0.maxRecords = total }
        let summary = try world.fixture.run()
        world.check(summary)
        let touched = Set(world.fixture.nodes.exchanges.filter(\.deletedData).map(\.request.uid))
        #expect(touched.count <= total)
    }

    @Test("deletes data no faster than --max-rate")
    func maxRate() throws {
        var options = RunOptions()
        options.maxRate = 5
        let fixture = RunFixture(nodes: 3, records: .obsolete(1...50) { $0 % 3 + 1 }, options: options)
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 50)
        #expect(summary.duration >= .milliseconds(9700))
        #expect(summary.duration < .seconds(13))
    }

    @Test("never has more requests in flight to one node than its ceiling")
    func concurrency() throws {
        var options = RunOptions()
        options.pageSize = 100
        options.dispatcher.gate.ceiling = 6
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...200) { $0 % 2 + 1 }, options: options)
        try fixture.run()
        let most = fixture.nodes.exchanges.map(\.inFlight).max()
        #expect(most == 6)
    }

    // MARK: Nodes in trouble

    @Test("lets a dead node in front delay nobody", arguments: [true, false])
    func deadNodeInFront(_ isHanging: Bool) throws {
        var options = RunOptions()
        options.dispatcher.window = 64
        let fixture = RunFixture(
            nodes: 2,
            records: .obsolete(1...400) { $0 <= 200 ? 1 : 2 },
            options: options,
            mostExamined: 20
        )
        fixture.nodes.node(Node.url(1)) { _, _ in
            .init(.timedOut, after: isHanging ? .seconds(60) : .milliseconds(1))
        }
        let started = fixture.time.now
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 200)
        #expect(fixture.uids == Set(1...200))
        let last = fixture.nodes.exchanges.last { $0.request.target.text == Node.url(2) }
        #expect(try #require(last).sentAt - started < .seconds(20))
        #expect(
            summary.troubledNodes == [
                .init(
                    url: Node.url(1),
                    reason: "unreachable",
                    problem: "no answer in time",
                    nodes: [NodeID(1)],
                    records: 200
                )
            ]
        )
        #expect(summary.stopReason == .incomplete && summary.skippedTotal == 200)
        #expect(summary.exitCode(isStrict: false) == 3)
        #expect(summary.requests < 260)
    }

    @Test("gives a node that was cut off its records again once it is well")
    func recovery() throws {
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...60) { $0 % 2 + 1 })
        let started = fixture.time.now
        fixture.nodes.node(Node.url(1)) { [time = fixture.time] _, _ in
            time.now - started < .seconds(12) ? .init(.unreachable(what: "refused", sent: false)) : .good
        }
        let summary = try fixture.run()
        let left = fixture.uids.count
        #expect(left == summary.skipped)
        #expect(left < 10)
        try fixture.run()
        #expect(fixture.uids.isEmpty)
    }

    @Test("leaves downed nodes' records where they are, and says that they wait")
    func downedNode() throws {
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...40) { $0 <= 20 ? 1 : 2 }, mostExamined: 5)
        fixture.store.updateNode(1) { $0.node.isDowned = true }
        let summary = try fixture.run()
        #expect(fixture.uids == Set(1...20))
        #expect(summary.onDownedNodes == 20)
        #expect(summary.exitCode(isStrict: false) == 0)
        #expect(summary.exitCode(isStrict: true) == 3)
    }

    @Test("holds records of a missing node that more than a thousand records name")
    func crowdedGoneNode() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...1010) { $0 <= 1001 ? 9 : 8 })
        let summary = try fixture.run()
        #expect(summary.held == [.goneNode: 1001])
        #expect(summary.deleted == [.nodeless: 9])
        let fewer = RunFixture(nodes: 1, records: .obsolete(1...1000) { _ in 9 })
        #expect(try fewer.run().deleted == [.nodeless: 1000])
    }

    @Test("does nothing when the nodes table can't be right")
    func implausibleNodes() throws {
        var options = RunOptions()
        options.spannerNode = NodeID(5)
        for fixture in [
            RunFixture(nodes: [], users: [.init(.obsolete(uid: 1))]),
            RunFixture(nodes: 1, records: [.obsolete(uid: 1)], options: options),
        ] {
            let summary = try fixture.run()
            guard case .nodesImplausible = summary.stopReason else {
                Issue.record("it went on")
                continue
            }
            #expect(summary.exitCode(isStrict: false) == 1)
            #expect(fixture.uids == [1])
        }
    }

    // MARK: The secret

    /// More records that need no request than a run could remember one by one, and a few that need one behind them.
    private func frontOfUnasked(_ options: RunOptions) -> RunFixture {
        let malformed: [UserRecord] = .obsolete(1...10_500).map { record in
            var record = record
            record.clientState = "malformed"
            return record
        }
        return RunFixture(nodes: 1, records: malformed + .obsolete(20_001...20_030), options: options)
    }

    @Test("changes nothing with a wrong secret, however many records that need no request stand in front")
    func wrongSecretBehindMany() throws {
        var options = RunOptions()
        options.pageSize = 500
        let fixture = frontOfUnasked(options)
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.signatureRefused) }
        let board = StatusBoard()
        let summary = try fixture.run(board: board)
        #expect(summary.stopReason == .secretRefused)
        #expect(fixture.store.settlementsAsked.isEmpty)
        // Nobody is to be sent to a node that is well, or told to mark it as down.
        #expect(board.content.nodes.map(\.state) == [.unproven])
    }

    @Test("does what needs no request although --max-records ends it soon", arguments: [1, 5, 100])
    func unaskedDoNotStarve(_ maxRecords: Int) throws {
        var options = RunOptions()
        options.pageSize = 500
        options.maxRecords = maxRecords
        let fixture = frontOfUnasked(options)
        let summary = try fixture.run()
        #expect(summary.dataDeleted == min(maxRecords, 30))
        #expect(summary.failed[.malformed] == 10_500)
        // Nothing was sent about them, so they keep their age.
        #expect(summary.deferred == 0)
        #expect(summary.stopReason == (maxRecords < 30 ? .maxRecords : .complete))
    }

    @Test("a limit that is just met is no limit reached")
    func exactLimit() throws {
        var options = RunOptions()
        options.maxRecords = 12
        let summary = try RunFixture(nodes: 1, records: .obsolete(1...12), options: options).run()
        #expect(summary.dataDeleted == 12)
        #expect(summary.stopReason == .complete)
    }

    @Test("writes nothing while no node accepted the secret, not even what --accept-404 calls deleted")
    func unproven() throws {
        var options = RunOptions()
        options.dispatcher.answers.acceptsNotFound = true
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...5) { $0 == 5 ? 9 : 1 }, options: options)
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.notFound) }
        let summary = try fixture.run()
        #expect(fixture.uids == [1, 2, 3, 4, 5])
        #expect(fixture.store.settlementsAsked.isEmpty)
        #expect(summary.withheld == 5)
        #expect(summary.exitCode(isStrict: false) == 3)
        // With the first success everything may be written.
        fixture.nodes.node(Node.url(1)) { request, _ in request.uid == UID(4) ? .good : .init(.notFound) }
        try fixture.run()
        #expect(fixture.uids == [])
    }

    @Test("asks for the proof after all when something becomes sendable in mid-run", arguments: [true, false])
    func challenged(isAccepted: Bool) throws {
        let fixture = RunFixture(
            nodes: 1,
            records: [
                .of("gone", uid: 1, replacedAt: 5, node: 9), .of("stays", uid: 2, replacedAt: 6),
                .of("comes", uid: 3, replacedAt: 7),
            ],
            policy: .byAccount
        )
        fixture.nodes.node(Node.url(1)) { _, _ in isAccepted ? .good : .init(.refused(status: 403)) }
        fixture.store.beforeCall { [store = fixture.store, time = fixture.time] call in
            await time.sleep(until: time.now + .milliseconds(5))
            guard case .page = call else { return }
            // While the first page was read, uid 3 was what the next login gets back; then its user came with a new key.
            let pages = store.calls.count { if case .page = $0 { true } else { false } }
            if pages == 2 { store.insert(.of("comes", uid: 4, keysChangedAt: 9, clientState: "cc", replacedAt: nil)) }
        }
        let summary = try fixture.run()
        #expect(fixture.nodes.uidsAsked == [UID(3)])
        #expect(fixture.uids == (isAccepted ? [2, 4] : [1, 2, 3, 4]))
        #expect(fixture.store.settlementsAsked.isEmpty == !isAccepted)
        #expect(summary.exitCode(isStrict: false) == (isAccepted ? 0 : 1))
        // What was held is counted once.
        #expect(summary.held == [.revivable: 1])
    }

    @Test("changes nothing in the database when the secret is wrong", arguments: Seeds.some(30))
    func wrongSecret(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var options = RunOptions()
        options.pageSize = random.integer(1...30)
        options.settler.capacity = random.pick([3, 1000])
        var users: [UserRecord] = .obsolete(1...120) { _ in random.pick([1, 2, 3, 9]) }
        for index in users.indices where random.chance(1, in: 3) {
            users[index].clientState = "malformed"
        }
        let hasPurgeable = users.contains { $0.nodeID != NodeID(9) && $0.clientState != "malformed" }
        let fixture = RunFixture(nodes: 3, records: users, options: options, seed: seed)
        for node in Int64(1)...3 {
            let isDead = node > 1 && random.chance(1, in: 3)
            fixture.nodes.node(Node.url(node)) { request, _ in
                if isDead { return .init(.unreachable(what: "refused", sent: false)) }
                return .init(request.uid.rawValue % 4 == 0 ? .refused(status: 400) : .signatureRefused)
            }
        }
        let summary = try fixture.run()
        let wasRefused = fixture.nodes.exchanges.contains { $0.verdict == .signatureRefused }
        #expect(hasPurgeable)
        if wasRefused {
            #expect(summary.stopReason == .secretRefused)
            #expect(fixture.store.settlementsAsked.isEmpty)
            #expect(fixture.uids.count == 120)
            #expect(summary.exitCode(isStrict: false) == 1)
        }
    }

    @Test("purges what needs no node when there is nothing that could be refused")
    func unchallenged() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...20) { _ in 9 })
        let summary = try fixture.run()
        #expect(summary.deleted == [.nodeless: 20])
        #expect(fixture.nodes.exchanges.isEmpty)
    }

    @Test("goes on when one node refuses signatures that another accepts")
    func oneRefusingNode() throws {
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...40) { $0 % 2 + 1 })
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.signatureRefused) }
        let summary = try fixture.run()
        #expect(summary.stopReason == .incomplete)
        #expect(summary.deletedTotal == 20)
        #expect(summary.failedTotal == 0)
        #expect(summary.exitCode(isStrict: false) == 3)
    }

    // MARK: Stopping

    @Test("takes nothing new when told to stop, and settles what was confirmed", arguments: [0.1, 0.5, 2.0, 6.5])
    func stopping(_ after: Double) throws {
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...400) { $0 % 2 + 1 })
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(3)) }
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(1)) }
        let stopAt = fixture.time.now + .seconds(after)
        let summary = try fixture.run {
            await fixture.time.sleep(until: stopAt)
            fixture.stopSignal.request()
        }
        #expect(summary.stopReason == .stopRequested)
        #expect(fixture.nodes.exchanges.allSatisfy { $0.sentAt <= stopAt })
        #expect(summary.dataDeleted == fixture.nodes.exchanges.count)
        #expect(summary.deletedTotal == summary.dataDeleted)
        #expect(summary.exitCode(isStrict: true) == 0)
    }

    @Test("gives requests in flight 25 seconds when told to stop, and then gives them up")
    func patience() throws {
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...4) { $0 % 2 + 1 })
        fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(59)) }
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(20)) }
        let summary = try fixture.run {
            await fixture.time.sleep(until: fixture.time.now + .seconds(1))
            fixture.stopSignal.request()
        }
        #expect(summary.duration >= .seconds(25) && summary.duration < .seconds(28))
        #expect(summary.deletedTotal == 2)
        #expect(fixture.uids == [2, 4])
        #expect(summary.exitCode(isStrict: false) == 0)
    }

    // MARK: Tombstones, failures

    @Test("deletes a tombstone in the same run, after its account's other records")
    func tombstone() throws {
        let fixture = RunFixture(
            nodes: 2,
            records: [
                .of("a", uid: 1, generation: 1, keysChangedAt: 1, replacedAt: 10),
                .of("a", uid: 2, generation: 2, keysChangedAt: 2, replacedAt: 20, node: 2),
                .tombstone("a", uid: 3, replacedAt: 30),
            ],
            policy: .byAccount
        )
        fixture.nodes.node(Node.url(2)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(9)) }
        let summary = try fixture.run()
        #expect(summary.deleted == [.notDown: 3])
        #expect(fixture.nodes.uidsAsked.last == UID(3))
        #expect(summary.waiting.values.reduce(0, +) == 0)
    }

    @Test("leaves a tombstone when another record of its account could not be purged")
    func tombstoneOfHeldRecord() throws {
        let fixture = RunFixture(
            nodes: 1,
            records: [
                .of("a", uid: 1, generation: 1, keysChangedAt: 1, replacedAt: 10), .tombstone("a", uid: 3),
                .obsolete(uid: 9), .of("user9", uid: 10, clientState: "cc", replacedAt: nil),
            ],
            policy: .byAccount
        )
        fixture.nodes.node(Node.url(1)) { request, _ in
            request.uid == UID(1) ? .init(.writtenSince(lastModified: nil)) : .good
        }
        let summary = try fixture.run()
        #expect(fixture.uids.isSuperset(of: [1, 3]))
        #expect(summary.waiting == [.tombstoneLast: 1])
    }

    @Test("moves a failed record behind the others, or leaves it, as told", arguments: RunOptions.OnFailure.allCases)
    func failures(_ onFailure: RunOptions.OnFailure) throws {
        var options = RunOptions()
        options.onFailure = onFailure
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...9), options: options)
        fixture.nodes.node(Node.url(1)) { request, _ in
            request.uid == UID(5) ? .init(.refused(status: 400)) : .good
        }
        let summary = try fixture.run()
        #expect(summary.failed == [.http4xx: 1])
        #expect(summary.deferred == (onFailure == .defer ? 1 : 0))
        let replacedAt = fixture.store.record(5)?.replacedAt?.rawValue
        if onFailure == .leave {
            #expect(replacedAt == 1005)
        } else {
            #expect(replacedAt ?? 0 >= RunFixture.wallTime.rawValue)
        }
        #expect(fixture.nodes.exchanges(of: UID(5)).count == 1)
        #expect(summary.exitCode(isStrict: false) == 3)
        fixture.nodes.node(Node.url(1)) { _, _ in .good }
        try fixture.run()
        #expect(fixture.uids == (onFailure == .defer ? [5] : []))
    }

    @Test("takes the earlier of the two clocks for its cutoff, and tells how far they are apart", arguments: [-90, 90])
    func clocks(_ skew: Int) throws {
        let time = ManualTime(wallTime: RunFixture.wallTime)
        let store = InMemoryRecordStore(nodes: [.init(.live(1))], time: time, clockSkew: .seconds(skew))
        let run = PurgeRun(
            store: store,
            counter: store,
            client: SimulatedNodes(time: time),
            options: RunOptions(),
            policy: .byUID,
            observer: RecordingObserver(),
            time: time,
            stopSignal: StopSignal()
        )
        let summary = try Simulation(time: time).run {
            var gates: [ServiceURL: NodeGate] = [:]
            return await run.run(gates: &gates)
        }
        #expect(summary.clockSkew == .seconds(skew))
        #expect(summary.clocksDisagree)
        #expect(summary.cutoff == RunFixture.cutoff.advanced(by: .seconds(min(skew, 0))))
    }
}
