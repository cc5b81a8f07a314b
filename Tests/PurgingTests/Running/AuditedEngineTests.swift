@testable import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("The engine with an audit log, event by event")
struct AuditedEngineTests {
    private func intended(_ batch: AuditTrail.Batch?) -> [Int64] {
        (batch?.entries ?? []).compactMap { if case .intended(let intent) = $0 { intent.uid.rawValue } else { nil } }
    }

    @Test("sends nothing of a page before the page's intents are written")
    func intentsFirst() throws {
        var play = Play(isAudited: true)
        play.page(.obsolete(1...3))
        #expect(play.sends.isEmpty)
        #expect(play.audits.count == 1)
        #expect(intended(play.audits.first) == [1, 2, 3])
        #expect(play.audits.first?.isDurable == true)
        play.write()
        #expect(Set(play.sends.keys) == [UID(1), UID(2), UID(3)])
    }

    @Test("writes an outcome once the record is settled, and ends only when that is written")
    func outcomes() throws {
        var play = Play(isAudited: true)
        play.page(.obsolete(1...1))
        play.write()
        try play.answer(1, .confirmed(lastModified: 12.5))
        play.page(.obsolete(1...1))
        #expect(play.audits.isEmpty)
        play.settled()
        #expect(!play.engine.isFinished)
        #expect(play.audits.first?.isDurable == false)
        play.write()
        let outcome = try #require(play.outcomes.first)
        #expect((outcome.data, outcome.record, outcome.reason) == (.deleted, .deleted, nil))
        #expect(outcome.exchange.receipts == [12.5])
        #expect(outcome.exchange.requests == 1)
        #expect(play.engine.isFinished)
    }

    @Test("deletes no record of a missing node before its intent is written")
    func recordsOnly() throws {
        var play = Play(isAudited: true)
        play.page([.obsolete(uid: 1), .obsolete(uid: 2, node: 99)])
        #expect(intended(play.audits.first) == [1])
        play.write()
        try play.answer(1, .confirmed(lastModified: 0))
        play.page([.obsolete(uid: 1), .obsolete(uid: 2, node: 99)])
        #expect(intended(play.audits.first) == [2])
        let early = play.batches.flatMap { $0.map(\.settlement.uid.rawValue) }
        #expect(!early.contains(2))
        play.finish()
        #expect(play.outcomes.contains { $0.intent.uid == UID(2) && $0.data == .notOwn && $0.record == .deleted })
    }

    @Test("that can't be written stops the run before it sends anything more; what is confirmed is settled")
    func failure() throws {
        var play = Play(isAudited: true)
        play.page(.obsolete(1...2), isLast: false)
        play.write()
        try play.answer(1, .confirmed(lastModified: 0))
        // What was read before the secret was proved is read anew.
        while intended(play.audits.first).isEmpty { play.page(.obsolete(1...4)) }
        #expect(intended(play.audits.first) == [3, 4])
        play.write(.failure(AuditFailure(description: "the disk is full")))
        #expect(Set(play.sends.keys) == [UID(2)])
        try play.answer(2, .confirmed(lastModified: 0))
        play.finish()
        #expect(play.sends.isEmpty)
        #expect(play.outcomes.isEmpty)
        #expect(play.engine.result.deleted == [.notDown: 2])
        #expect(play.engine.result.stopReason == .auditFailed("the disk is full"))
        #expect(play.engine.result.exitCode(isStrict: false) == 1)
    }

    @Test("names held and failed records with the reason and the status")
    func exceptions() throws {
        var play = Play(isAudited: true)
        play.page(.obsolete(1...3))
        play.write()
        try play.answer(1, .writtenSince(lastModified: nil))
        try play.answer(2, .refused(status: 403))
        try play.answer(3, .confirmed(lastModified: 0))
        play.finish()
        let others = play.outcomes.filter { $0.intent.uid != UID(3) }
        #expect(Set(others.map(\.reason)) == ["written_since", "http_4xx"])
        #expect(others.allSatisfy { $0.data == .kept && $0.record == .kept })
    }

    @Test("a stop ends every intent with an outcome")
    func stopped() throws {
        var options = RunOptions()
        options.dispatcher.gate.ceiling = 1
        var play = Play(nodes: [.live(1)], options: options, isAudited: true)
        play.page(.obsolete(1...4))
        let accepted = Set(intended(play.audits.first))
        #expect(accepted.count > 1)
        play.write()
        #expect(play.sends.count == 1)
        play.handle(.stopRequested)
        try play.answer(1, .confirmed(lastModified: 0))
        play.finish()
        #expect(Set(play.outcomes.map(\.intent.uid.rawValue)) == accepted)
        #expect(play.outcomes.filter { $0.data == .kept }.allSatisfy { $0.reason == "run_ended" })
    }
}

extension Play {
    /// Writes what is to be written to the audit log.
    fileprivate mutating func write(_ result: Result<Void, any Error> = .success(())) {
        guard let batch = audits.first else {
            Issue.record("nothing was to be written to the audit log")
            return
        }
        audits.removeFirst()
        if case .success = result {
            outcomes += batch.entries.compactMap { if case .ended(let outcome) = $0 { outcome } else { nil } }
        }
        handle(.audited(result))
    }

    /// Lets everything be settled and written, until the run is finished.
    fileprivate mutating func finish() {
        for _ in 0..<100 where !engine.isFinished {
            if !reads.isEmpty { page([]) }
            while !batches.isEmpty { settled() }
            while !audits.isEmpty { write() }
            now += .seconds(1)
            proceed()
        }
        #expect(engine.isFinished)
    }
}
