@testable import Purging
import SyncTokens
import TestSupport
import Testing

/// A run played by hand: the test sees every effect, and says what comes of it.
struct Play {
    var engine: PurgeEngine
    var now = ContinuousClock.now
    let nodes: [Node]
    let policy: PurgePolicy
    let observer = RecordingObserver()
    /// Effects that were not answered yet.
    var sends: [UID: Int] = [:]
    var reads: [BacklogQuery] = []
    var rereads: [[UID]] = []
    var batches: [[Settler.Item]] = []
    var audits: [AuditTrail.Batch] = []
    /// Outcomes that were written to the audit log.
    var outcomes: [AuditOutcome] = []
    var wake: ContinuousClock.Instant?

    init(
        nodes: [Node] = [.live(1), .live(2)],
        policy: PurgePolicy = .byUID,
        options: RunOptions = RunOptions(),
        isAudited: Bool = false
    ) {
        self.nodes = nodes
        self.policy = policy
        var options = options
        options.dispatcher.gate.firstLimit = 4
        engine = PurgeEngine(
            options: options,
            policy: policy,
            cutoff: RunFixture.cutoff,
            directory: NodeDirectory(nodes: nodes, policy: policy),
            start: nil,
            gates: [:],
            isAudited: isAudited,
            seed: 1,
            observer: observer,
            now: now
        )
        proceed()
    }

    mutating func proceed() {
        for effect in engine.nextEffects(at: now) {
            switch effect {
            case .send(let dispatch): sends[dispatch.request.uid] = dispatch.ticket
            case .read(let query): reads.append(query)
            case .reread(let uids, _): rereads.append(uids)
            case .settle(let batch, let cutoff):
                #expect(cutoff == RunFixture.cutoff)
                batches.append(batch)
            case .audit(let batch): audits.append(batch)
            case .wake(let moment): wake = moment
            }
        }
    }

    mutating func handle(_ event: PurgeEngine.Event) {
        engine.handle(event, at: now)
        proceed()
    }

    /// - Parameter others: other records of each one's user.
    mutating func page(_ records: [UserRecord], others: [UserRecord] = [], isLast: Bool = true) {
        if reads.isEmpty { Issue.record("no page was asked for") }
        reads = Array(reads.dropFirst())
        let entries = records.compactMap { BacklogEntry(record: $0, others: others) }
        let page = BacklogPage(entries: entries, examinedUpTo: isLast ? nil : entries.last?.key)
        let directory = NodeDirectory(nodes: nodes, policy: policy)
        handle(.read(.success(.init(content: page, directory: directory, readAt: now))))
    }

    mutating func answer(_ uid: Int64, _ verdict: NodeAnswer.Verdict) throws {
        let ticket = try #require(sends[UID(uid)])
        sends[UID(uid)] = nil
        handle(.answered(ticket: ticket, NodeAnswer(verdict)))
    }

    mutating func settled(_ result: SettlementResult = .done) {
        guard let batch = batches.first else {
            Issue.record("nothing was to be settled")
            return
        }
        batches.removeFirst()
        handle(.settled(batch, .success(batch.map { _ in result })))
    }
}

@Suite("The engine, event by event")
struct PurgeEngineTests {
    @Test("reads, sends, settles and is finished")
    func shortRun() throws {
        var play = Play()
        #expect(play.reads == [BacklogQuery(scope: BacklogScope(cutoff: RunFixture.cutoff), limit: 10)])
        play.page(.obsolete(1...2))
        #expect(Set(play.sends.keys) == [UID(1), UID(2)])
        #expect(play.reads.isEmpty)
        try play.answer(1, .confirmed(lastModified: 0))
        // The secret is proved, so the pass starts anew and leaves out what was sent already.
        play.page(.obsolete(1...2))
        #expect(play.batches.isEmpty)
        try play.answer(2, .confirmed(lastModified: 0))
        #expect(play.batches.map { $0.map(\.settlement.uid.rawValue) } == [[1, 2]])
        #expect(!play.engine.isFinished)
        play.settled()
        #expect(play.engine.isFinished)
        #expect(play.engine.result.deleted == [.notDown: 2])
        #expect(play.engine.result.stopReason == .complete)
    }

    @Test("Law 6: requests go on while a batch is written, and only what was confirmed is in it")
    func overlap() throws {
        var options = RunOptions()
        options.settler.batchSize = 1
        var play = Play(options: options)
        play.page(.obsolete(1...10))
        try play.answer(1, .confirmed(lastModified: 0))
        #expect(play.batches.map { $0.map(\.settlement.uid.rawValue) } == [[1]])
        play.page(.obsolete(1...10))
        let before = play.sends.count
        try play.answer(2, .confirmed(lastModified: 0))
        #expect(play.sends.count >= before)
        #expect(play.batches.count == 1)
        play.settled()
        #expect(play.batches.map { $0.map(\.settlement.uid.rawValue) } == [[2]])
    }

    @Test("writes a lone confirmation when it waited long enough")
    func linger() throws {
        var play = Play()
        play.page(.obsolete(1...2))
        try play.answer(1, .confirmed(lastModified: 0))
        let wake = try #require(play.wake)
        #expect(wake == play.now + .milliseconds(100))
        play.now = wake
        play.proceed()
        #expect(play.batches.map { $0.map(\.settlement.uid.rawValue) } == [[1]])
    }

    @Test("tries a record again that somebody holds, every second, and fails it after thirty")
    func locked() throws {
        var play = try Self.confirmed(1...1)
        let start = play.now
        var tries = 0
        while !play.batches.isEmpty {
            tries += 1
            play.settled(.locked)
            if play.engine.isFinished { break }
            // It doesn't count as done, nor as failed, while it waits.
            #expect(play.engine.result.deletedTotal == 0 && play.engine.result.failedTotal == 0)
            let before = play.now
            while play.batches.isEmpty, play.now < before + .seconds(60) {
                play.now = try #require(play.wake)
                play.proceed()
            }
            #expect(play.now - before == .seconds(1))
        }
        #expect(tries == 31 && play.now - start == .seconds(30))
        #expect(play.engine.isFinished)
        #expect(play.engine.result.failed == [.recordLocked: 1])
        #expect(play.engine.result.exitCode(isStrict: false) == 3)
    }

    @Test("tries a held record once more when it is told to stop, and then ends")
    func lockedAtTheEnd() throws {
        for (result, deleted) in [(SettlementResult.done, 1), (.locked, 0)] {
            var play = try Self.confirmed(1...1)
            play.settled(.locked)
            #expect(play.batches.isEmpty)
            play.handle(.stopRequested)
            #expect(play.batches.count == 1)
            play.settled(result)
            #expect(play.engine.isFinished)
            #expect(play.engine.result.deletedTotal == deleted && play.engine.result.failedTotal == 1 - deleted)
        }
    }

    @Test("fails single records that the database refuses, and ends when it refuses five in a row")
    func refused() throws {
        var single = try Self.confirmed(1...4)
        let batch = try #require(single.batches.first)
        single.batches.removeAll()
        single.handle(.settled(batch, .success([.refused("a"), .refused("a"), .done, .refused("b")])))
        #expect(single.engine.isFinished)
        #expect(single.engine.result.failed == [.databaseRefused: 3])
        #expect(single.engine.result.deletedTotal == 1)
        #expect(single.engine.result.exitCode(isStrict: false) == 3)

        var all = try Self.confirmed(1...6)
        all.settled(.refused("c"))
        #expect(all.engine.isFinished)
        let end = all.engine.result
        guard case .storeFailed(let text) = end.stopReason else {
            Issue.record("\(end.stopReason)")
            return
        }
        #expect(text.contains("6 records in a row: c"))
        #expect(end.exitCode(isStrict: false) == 1)
    }

    /// A run whose nodes have confirmed these records, in one batch.
    private static func confirmed(_ uids: ClosedRange<Int64>) throws -> Play {
        var play = Play()
        play.page(.obsolete(uids))
        try play.answer(uids.lowerBound, .confirmed(lastModified: 0))
        // The secret is proved, so the pass starts anew.
        play.page(.obsolete(uids))
        while let uid = play.sends.keys.min() { try play.answer(uid.rawValue, .confirmed(lastModified: 0)) }
        #expect(play.batches.map(\.count) == [uids.count])
        return play
    }

    @Test("reads the next page while the first one is on its way, from where that ended")
    func nextPage() throws {
        var play = Play()
        play.page(.obsolete(1...4), isLast: false)
        #expect(play.reads.first?.cursor == BacklogKey(replacedAt: Timestamp(1004), tiebreaker: 4))
    }

    @Test("a tombstone isn't left because of a record that was settled while the tombstone's page was being read")
    func overtakenTombstone() throws {
        var policy = PurgePolicy.byUID
        policy.keepsTombstonesLast = true
        var play = Play(policy: policy)
        let other = UserRecord.of("a", uid: 1, generation: 1, replacedAt: 10)
        let tombstone = UserRecord.tombstone("a", uid: 3)
        play.page([other], isLast: false)
        try play.answer(1, .confirmed(lastModified: 0))
        play.page([other], isLast: false)
        play.now += .milliseconds(200)
        play.proceed()
        play.settled()
        play.page([tombstone], others: [other])
        #expect(play.rereads == [[UID(3)]])
        let reread = try #require(BacklogEntry(record: tombstone, others: []))
        let directory = NodeDirectory(nodes: play.nodes, policy: play.policy)
        play.handle(.reread(.success(.init(content: [reread], directory: directory, readAt: play.now))))
        #expect(play.sends[UID(3)] != nil)
    }

    @Test("ends with an error when the cursor stands still")
    func loop() throws {
        var play = Play()
        play.page(.obsolete(1...4), isLast: false)
        play.page(.obsolete(1...4), isLast: false)
        for uid in play.sends.keys {
            try play.answer(uid.rawValue, .confirmed(lastModified: 0))
        }
        while !play.batches.isEmpty { play.settled() }
        #expect(play.engine.isFinished)
        #expect(play.engine.result.stopReason == .loopDetected)
    }

    @Test("ends with an error when a page can't be read, after what was confirmed is settled")
    func readError() throws {
        var play = Play()
        play.page(.obsolete(1...4), isLast: false)
        play.handle(.read(.failure(StoreError.failed("gone"))))
        for uid in play.sends.keys {
            try play.answer(uid.rawValue, .confirmed(lastModified: 0))
        }
        #expect(!play.engine.isFinished)
        while !play.batches.isEmpty { play.settled() }
        #expect(play.engine.isFinished)
        #expect(play.engine.result.deletedTotal == 4)
        #expect(play.engine.result.stopReason == .storeFailed("gone"))
    }

    @Test("writes nothing before some node accepted a signature, not even what no node has a say in")
    func proof() throws {
        var play = Play()
        var records: [UserRecord] = [.obsolete(uid: 1, replacedAt: 1001, node: 9)]
        records.append(.of("m", uid: 2, clientState: "no", replacedAt: 1002))
        records.append(.obsolete(uid: 3, replacedAt: 1003))
        play.page(records)
        play.now += .seconds(60)
        play.proceed()
        #expect(play.batches.isEmpty)
        try play.answer(3, .confirmed(lastModified: 0))
        // The pass starts anew, takes what was of no use for the proof, and leaves out what was sent already.
        #expect(play.batches.isEmpty)
        play.page(records)
        #expect(play.batches.map { $0.map(\.settlement.uid.rawValue) } == [[3, 1]])
        play.settled()
        #expect(play.engine.result.failed == [.malformed: 1])
        #expect(play.engine.isFinished)
        #expect(play.engine.result.passes == 1)
    }

    @Test("takes nothing new once it was told to stop")
    func stop() throws {
        var play = Play()
        play.page(.obsolete(1...10), isLast: false)
        let inFlight = play.sends.count
        play.handle(.stopRequested)
        #expect(play.sends.count == inFlight)
        play.page(.obsolete(11...20), isLast: false)
        for uid in play.sends.keys {
            try play.answer(uid.rawValue, .confirmed(lastModified: 0))
        }
        #expect(play.sends.isEmpty && play.reads.isEmpty)
        while !play.batches.isEmpty { play.settled() }
        #expect(play.engine.isFinished)
        #expect(play.engine.result.deletedTotal == inFlight)
        #expect(play.engine.result.skipped == 0)
    }

    @Test("an error is told even when it was told to stop before")
    func errorAfterStop() throws {
        var play = Play()
        play.page(.obsolete(1...1))
        play.handle(.stopRequested)
        try play.answer(1, .confirmed(lastModified: 0))
        let batch = try #require(play.batches.first)
        play.handle(.settled(batch, .failure(StoreError.failed("gone"))))
        #expect(play.engine.isFinished)
        #expect(play.engine.result.exitCode(isStrict: false) == 1)
    }

    @Test("asks to be woken for a retry, and reads the record again when that is late")
    func retry() throws {
        var play = Play()
        play.page(.obsolete(1...2))
        try play.answer(1, .confirmed(lastModified: 0))
        play.now += .seconds(3)
        play.proceed()
        play.settled()
        try play.answer(2, .busy(status: 503))
        play.now = try #require(play.wake)
        play.proceed()
        #expect(play.rereads == [[UID(2)]])
        #expect(play.sends.isEmpty)
    }

    @Test("counts as skipped what it had read of a node that is abandoned for the run")
    func skipped() throws {
        var play = Play()
        play.page(.obsolete(1...8), isLast: false)
        try play.answer(1, .decommissioned)
        for uid in play.sends.keys {
            try play.answer(uid.rawValue, .decommissioned)
        }
        #expect(play.engine.result.read == 8)
        #expect(play.engine.result.skipped == 8)
        #expect(play.engine.result.troubledNodes.map(\.reason) == ["decommissioned"])
    }
}
