@testable import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("The dispatcher")
struct NodeDispatcherTests {
    private let start = ContinuousClock.now

    /// A dispatcher, and a clock that a test moves.
    private struct Desk {
        var dispatcher: NodeDispatcher
        var now: ContinuousClock.Instant
        var tickets: [UID: Int] = [:]

        mutating func enqueue(_ uids: ClosedRange<Int64>, node: Int64 = 1, keys: Int = 1) throws {
            for uid in uids {
                dispatcher.enqueue(try .of(uid, node: node, keys: keys, readAt: now))
            }
        }

        /// Sends what can be sent; records that must be read again are read at once.
        @discardableResult
        mutating func send() -> [UID] {
            var sent: [UID] = []
            while true {
                let next = dispatcher.next(at: now)
                for dispatch in next.send {
                    tickets[dispatch.request.uid] = dispatch.ticket
                    sent.append(dispatch.request.uid)
                }
                if next.reread.isEmpty { return sent }
                for job in next.reread {
                    var job = job
                    job.readAt = now
                    dispatcher.rereadKept(job, from: job.deletion.target)
                }
            }
        }

        mutating func answer(
            _ uid: Int64,
            _ verdict: NodeAnswer.Verdict,
            nodeTime: Double? = nil,
            retryAfter: Duration? = nil
        ) throws -> NodeDispatcher.Answered {
            let ticket = try #require(tickets[UID(uid)])
            tickets[UID(uid)] = nil
            let answer = NodeAnswer(verdict, nodeTime: nodeTime, retryAfter: retryAfter)
            let answered = dispatcher.answered(ticket, with: answer, at: now)
            return try #require(answered)
        }

        /// Tries a record until its attempts are used up, always with the same answer.
        mutating func exhaust(
            _ uid: Int64,
            _ verdict: NodeAnswer.Verdict,
            meanwhile: (inout Desk) throws -> Void = { _ in }
        ) throws -> NodeDispatcher.Resolution {
            while true {
                let resolution = try answer(uid, verdict).resolution
                guard case .continuing = resolution else { return resolution }
                try meanwhile(&self)
                while tickets[UID(uid)] == nil {
                    if let wake = dispatcher.wakeTime(at: now) {
                        now = wake
                    } else {
                        try meanwhile(&self)
                    }
                    send()
                }
            }
        }
    }

    private func desk(
        budget: Int? = nil,
        rate: Double? = nil,
        _ configure: (inout NodeDispatcher.Settings) -> Void = { _ in }
    ) -> Desk {
        var settings = NodeDispatcher.Settings()
        settings.gate.firstLimit = 4
        configure(&settings)
        return Desk(
            dispatcher: NodeDispatcher(
                settings: settings,
                budget: SendBudget(total: budget),
                limiter: RateLimiter(perSecond: rate),
                seed: 1,
                now: start
            ),
            now: start
        )
    }

    @Test("sends to each node what its gate lets through, and takes a confirmation for the end of it")
    func confirmation() throws {
        var desk = desk()
        try desk.enqueue(1...10)
        try desk.enqueue(11...20, node: 2)
        #expect(Set(desk.send().map(\.rawValue)) == [1, 2, 3, 4, 11, 12, 13, 14])
        guard case .confirmed(let job) = try desk.answer(1, .confirmed(lastModified: 0)).resolution else {
            Issue.record("not confirmed")
            return
        }
        #expect(job.uid == UID(1))
        #expect(desk.dispatcher.inFlight == 7)
    }

    @Test("asks for each key of a record with a request of its own, one after the other")
    func severalKeys() throws {
        var desk = desk()
        try desk.enqueue(1...1, keys: 3)
        for left in [2, 1, 0] {
            #expect(desk.send() == [UID(1)])
            #expect(desk.send() == [])
            let resolution = try desk.answer(1, .confirmed(lastModified: 0)).resolution
            if case .confirmed = resolution { #expect(left == 0) } else { #expect(left > 0) }
        }
    }

    @Test("ignores an answer that comes twice")
    func strangeTicket() throws {
        var desk = desk()
        try desk.enqueue(1...1)
        desk.send()
        let ticket = try #require(desk.tickets[UID(1)])
        _ = try desk.answer(1, .confirmed(lastModified: 0))
        #expect(desk.dispatcher.answered(ticket, with: NodeAnswer(.confirmed(lastModified: 0)), at: start) == nil)
    }

    // MARK: Verdicts

    @Test("holds what was written since and what was not found")
    func finalVerdicts() throws {
        var desk = desk()
        try desk.enqueue(1...2)
        desk.send()
        guard case .held(_, .writtenSince, nil) = try desk.answer(1, .writtenSince(lastModified: nil)).resolution,
            case .held(_, .notFound, nil) = try desk.answer(2, .notFound).resolution
        else {
            Issue.record("another resolution")
            return
        }
    }

    @Test("takes a misrouted answer for the node's failure, and never for the record's")
    func misrouted() throws {
        var desk = desk()
        try desk.enqueue(1...1)
        desk.send()
        guard case .skipped(_, .misrouted) = try desk.answer(1, .misrouted(status: 200, what: "x")).resolution else {
            Issue.record("another resolution")
            return
        }
    }

    @Test("leaves a decommissioned node at once, with all that waits for it")
    func decommissioned() throws {
        var desk = desk()
        try desk.enqueue(1...10)
        desk.send()
        let answered = try desk.answer(1, .decommissioned)
        #expect(answered.change == .abandoned(.decommissioned))
        #expect(Set(answered.others.compactMap(\.leftUID)) == Set(5...10))
        #expect(desk.send() == [])
        guard case .skipped = try desk.answer(2, .timedOut).resolution else {
            Issue.record("tried again on a node that was left")
            return
        }
    }

    // MARK: Whose failure it is

    @Test(
        "is the record's failure when its node answered others well between its attempts",
        arguments: [NodeAnswer.Verdict.trouble(status: 500), .timedOut, .busy(status: 503)]
    )
    func recordsFailure(_ verdict: NodeAnswer.Verdict) throws {
        var desk = desk()
        try desk.enqueue(1...100)
        desk.send()
        let resolution = try desk.exhaust(1, verdict) { desk in
            let other = try #require(desk.tickets.keys.first)
            _ = try desk.answer(other.rawValue, .confirmed(lastModified: 0))
        }
        guard case .failed(let job, let reason) = resolution else {
            Issue.record("it was \(resolution)")
            return
        }
        #expect(job.attempts == 4)
        #expect(reason == verdict.failure)
    }

    @Test(
        "is the node's failure when the node answered nobody well, and the record stays untouched",
        arguments: [NodeAnswer.Verdict.trouble(status: 500), .unreachable(what: "x", sent: false), .busy(status: 429)]
    )
    func nodesFailure(_ verdict: NodeAnswer.Verdict) throws {
        var desk = desk()
        try desk.enqueue(1...1)
        desk.send()
        guard case .skipped = try desk.exhaust(1, verdict) else {
            Issue.record("taken for the record's failure")
            return
        }
    }

    @Test("does not count good answers from before the record's first attempt")
    func goodAnswersBefore() throws {
        var desk = desk()
        try desk.enqueue(1...3)
        desk.send()
        for uid in Int64(1)...3 {
            _ = try desk.answer(uid, .confirmed(lastModified: 0))
        }
        try desk.enqueue(4...4)
        desk.send()
        guard case .skipped = try desk.exhaust(4, .trouble(status: 502)) else {
            Issue.record("taken for the record's failure")
            return
        }
    }

    @Test("fails what was refused once its node does well with another record")
    func refusedRecord() throws {
        var desk = desk()
        try desk.enqueue(1...3)
        desk.send()
        guard case .continuing = try desk.answer(1, .refused(status: 403)).resolution else {
            Issue.record("whose failure it is was not known yet")
            return
        }
        #expect(try desk.answer(2, .writtenSince(lastModified: nil)).others.isEmpty)
        let others = try desk.answer(3, .confirmed(lastModified: 0)).others
        #expect(others.compactMap(\.failedUID) == [1])
        #expect(desk.dispatcher.decideRefusals().isEmpty)
    }

    @Test(
        "takes eight definite refusals in a row for the node's trouble, whatever their status",
        arguments: [NodeAnswer.Verdict.refused(status: 403), .refused(status: 410), .signatureRefused]
    )
    func eightRefusals(_ verdict: NodeAnswer.Verdict) throws {
        var desk = desk()
        try desk.enqueue(1...30)
        var sent = desk.send()
        _ = try desk.answer(sent.removeFirst().rawValue, .confirmed(lastModified: 0))
        var left: [Int64] = []
        for number in 1...8 {
            if sent.isEmpty { sent = desk.send() }
            let answered = try desk.answer(sent.removeFirst().rawValue, verdict)
            left += answered.others.compactMap(\.leftUID)
            #expect(answered.others.allSatisfy { $0.failedUID == nil })
            if case .circuitOpen(.refusesEverything, _) = answered.change {
                #expect(number == 8)
            } else {
                #expect(number < 8)
            }
        }
        #expect(left.count == 8)
    }

    @Test("takes refusals at the end for the records' own, if their node accepted the secret in this run")
    func refusalsAtTheEnd() throws {
        var desk = desk()
        try desk.enqueue(1...2)
        try desk.enqueue(11...11, node: 2)
        desk.send()
        _ = try desk.answer(11, .confirmed(lastModified: 0))
        _ = try desk.answer(1, .signatureRefused)
        #expect(desk.dispatcher.decideRefusals().compactMap(\.1.leftUID) == [1])
        _ = try desk.answer(2, .confirmed(lastModified: 0))
        try desk.enqueue(3...3)
        desk.send()
        _ = try desk.answer(3, .signatureRefused)
        #expect(desk.dispatcher.decideRefusals().compactMap(\.1.failedUID) == [3])
    }

    @Test("asks again under the last write's moment where that is longer ago than the quiet time, and once only")
    func quietTime() throws {
        var desk = desk()
        try desk.enqueue(1...2)
        desk.send()
        let day = 86_400.0
        let now = 1_700_000_000.0
        func answer(_ desk: inout Desk, _ uid: Int64, _ lastModified: Double) throws -> NodeDispatcher.Resolution {
            try desk.answer(uid, .writtenSince(lastModified: lastModified), nodeTime: now).resolution
        }
        guard case .held(_, .writtenSince, let until?) = try answer(&desk, 1, now - 29 * day) else {
            Issue.record("written too lately to be asked again")
            return
        }
        #expect(until == Timestamp(secondsSince1970: now + day))
        guard case .continuing = try answer(&desk, 2, now - 31 * day) else {
            Issue.record("not asked again")
            return
        }
        let again = try #require(desk.dispatcher.next(at: desk.now).send.first)
        #expect(again.request.unmodifiedSince == Timestamp(secondsSince1970: now - 31 * day))
        let second = desk.dispatcher.answered(
            again.ticket,
            with: NodeAnswer(.writtenSince(lastModified: now - 31 * day), nodeTime: now),
            at: desk.now
        )
        guard case .held(_, .writtenSince, _) = second?.resolution else {
            Issue.record("asked for ever")
            return
        }
    }

    @Test("has a record that got no connection in time read again, and leaves it in the end")
    func expired() throws {
        var desk = desk()
        try desk.enqueue(1...1)
        for _ in 1...4 {
            desk.send()
            guard case .expired(let job) = try desk.answer(1, .expired).resolution else {
                Issue.record("not read again")
                return
            }
            desk.dispatcher.rereadKept(job, from: job.deletion.target)
        }
        desk.send()
        guard case .skipped(_, .connect) = try desk.answer(1, .expired).resolution else {
            Issue.record("tried for ever")
            return
        }
    }

    @Test("leaves a node that is overloaded all the time, instead of trying record after record for ever")
    func alwaysOverloaded() throws {
        var desk = desk()
        try desk.enqueue(1...100)
        var requests = 0
        while true {
            requests += desk.send().count
            for uid in desk.tickets.keys.sorted() {
                _ = try desk.answer(uid.rawValue, .busy(status: 503))
            }
            guard let wake = desk.dispatcher.wakeTime(at: desk.now) else { break }
            desk.now = wake
        }
        #expect(desk.dispatcher.isLeftForRun(try ServiceURL(Node.url(1))))
        #expect(requests < 60)
    }

    // MARK: Waiting

    @Test("waits with a retry as the retry policy says, and as the node asked", arguments: Seeds.some(20))
    func retryDelay(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var desk = desk()
        try desk.enqueue(1...2)
        desk.send()
        let asked: Duration? = random.chance(1, in: 2) ? .seconds(random.integer(1...100)) : nil
        _ = try desk.answer(1, .trouble(status: 500), retryAfter: asked)
        let wake = try #require(desk.dispatcher.wakeTime(at: desk.now))
        #expect(wake - start <= max(.milliseconds(500), asked ?? .zero))
        #expect(wake - start >= asked ?? .zero)
        desk.now = wake
        #expect(desk.send() == [UID(1)])
    }

    @Test("lets a node be quiet that was too busy and answered nobody else meanwhile")
    func busyNode() throws {
        var desk = desk()
        try desk.enqueue(1...9)
        desk.send()
        _ = try desk.answer(1, .busy(status: 503), retryAfter: .seconds(10))
        desk.now += .seconds(9)
        for uid in Int64(2)...4 {
            _ = try desk.answer(uid, .confirmed(lastModified: 0))
        }
        #expect(desk.send() == [])
        desk.now += .seconds(1)
        #expect(desk.send().isEmpty == false)
    }

    @Test("delays a busy record alone when its node answered others since it was sent")
    func busyRecord() throws {
        var desk = desk()
        try desk.enqueue(1...9)
        desk.send()
        _ = try desk.answer(2, .confirmed(lastModified: 0))
        _ = try desk.answer(1, .busy(status: 503), retryAfter: .seconds(10))
        _ = try desk.answer(3, .confirmed(lastModified: 0))
        let sent = desk.send()
        #expect(!sent.isEmpty && !sent.contains(UID(1)))
    }

    @Test("gives a record up that is asked to wait for longer than is bearable")
    func longRetryAfter() throws {
        var desk = desk()
        try desk.enqueue(1...9)
        desk.send()
        _ = try desk.answer(2, .confirmed(lastModified: 0))
        guard case .failed = try desk.answer(1, .busy(status: 503), retryAfter: .seconds(500)).resolution else {
            Issue.record("it should have failed")
            return
        }
    }

    // MARK: Freshness

    @Test("has a record read again whose facts are older than two seconds, and a retry too")
    func freshness() throws {
        var desk = desk()
        try desk.enqueue(1...2)
        desk.now += .seconds(2)
        let fresh = desk.dispatcher.next(at: desk.now)
        #expect(fresh.send.count == 2 && fresh.reread.isEmpty)
        try desk.enqueue(3...4)
        desk.now += .milliseconds(2001)
        let stale = desk.dispatcher.next(at: desk.now)
        #expect(stale.send.isEmpty)
        #expect(stale.reread.map(\.uid.rawValue) == [3, 4])
        for job in stale.reread {
            desk.dispatcher.rereadDropped(job, from: job.deletion.target)
        }
        let dispatch = try #require(fresh.send.first)
        _ = desk.dispatcher.answered(
            dispatch.ticket,
            with: NodeAnswer(.trouble(status: 500), retryAfter: .seconds(3)),
            at: desk.now
        )
        let later = desk.dispatcher.next(at: desk.now + .seconds(3))
        #expect(later.send.isEmpty)
        #expect(later.reread.map(\.uid) == [dispatch.request.uid])
    }

    // MARK: Budget and rate

    @Test(
        "gives a place in the budget back only when surely nothing was deleted",
        arguments: [
            (NodeAnswer.Verdict.writtenSince(lastModified: nil), true), (.notFound, true),
            (.refused(status: 400), true),
            (.signatureRefused, true), (.confirmed(lastModified: 0), false), (.misrouted(status: 302, what: ""), false),
            (.abandoned, false), (.decommissioned, false),
        ]
    )
    func budget(_ verdict: NodeAnswer.Verdict, isGivenBack: Bool) throws {
        var desk = desk(budget: 1)
        try desk.enqueue(1...2)
        #expect(desk.send() == [UID(1)])
        #expect(!desk.dispatcher.hasSpentBudget)
        _ = try desk.answer(1, verdict)
        #expect(desk.dispatcher.budget.isExhausted == !isGivenBack)
    }

    @Test("keeps the place of a record that was refused at last, if an earlier attempt may have been carried out")
    func budgetAfterTimeout() throws {
        var desk = desk(budget: 1)
        try desk.enqueue(1...2)
        desk.send()
        _ = try desk.answer(1, .timedOut)
        #expect(!desk.dispatcher.hasSpentBudget)
        desk.now = try #require(desk.dispatcher.wakeTime(at: desk.now))
        #expect(desk.send() == [UID(1)])
        _ = try desk.answer(1, .refused(status: 403))
        #expect(desk.dispatcher.hasSpentBudget)
    }

    @Test(
        "never has more records reserved than the budget allows, whatever the nodes answer",
        arguments: Seeds.some(30)
    )
    func budgetHolds(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let total = random.integer(1...20)
        var desk = desk(budget: total)
        try desk.enqueue(1...40)
        try desk.enqueue(41...60, node: 2)
        var mayBeDeleted: Set<UID> = []
        for _ in 0..<500 {
            desk.send()
            guard let uid = desk.tickets.keys.sorted().randomElement(using: &random) else {
                guard let wake = desk.dispatcher.wakeTime(at: desk.now) else { break }
                desk.now = wake
                continue
            }
            let verdict = random.pick([
                NodeAnswer.Verdict.confirmed(lastModified: 0), .refused(status: 400), .timedOut, .trouble(status: 500),
                .unreachable(what: "", sent: false), .busy(status: 429), .notFound,
            ])
            if !verdict.deletedNothing { mayBeDeleted.insert(uid) }
            _ = try desk.answer(uid.rawValue, verdict)
            desk.now += .milliseconds(random.integer(0...400))
        }
        #expect(mayBeDeleted.count <= total)
    }

    @Test("sends no faster than the rate, all nodes together")
    func rate() throws {
        var desk = desk(rate: 10)
        try desk.enqueue(1...4)
        try desk.enqueue(11...14, node: 2)
        var sent: [Duration] = []
        while sent.count < 8 {
            sent += desk.send().map { _ in desk.now - start }
            if let wake = desk.dispatcher.wakeTime(at: desk.now) { desk.now = wake }
        }
        for (index, moment) in sent.enumerated() {
            #expect(moment >= .milliseconds(100 * index - 100))
        }
        #expect(sent.last ?? .zero >= .milliseconds(600))
    }

    // MARK: The end

    @Test("sends nothing more once it is closed, and lets what is in flight end")
    func closing() throws {
        var desk = desk()
        try desk.enqueue(1...9, keys: 2)
        desk.send()
        #expect(Set(desk.dispatcher.close().map(\.uid.rawValue)) == [5, 6, 7, 8, 9])
        guard case .skipped = try desk.answer(1, .trouble(status: 500)).resolution,
            case .skipped = try desk.answer(2, .confirmed(lastModified: 0)).resolution
        else {
            Issue.record("it goes on")
            return
        }
        #expect(desk.send() == [])
        #expect(desk.dispatcher.wakeTime(at: desk.now) == nil)
    }

    // MARK: Connections in all

    @Test(
        "sends no more at once than there may be connections, and keeps places for nodes that have few",
        arguments: [8, 40]
    )
    func mostInFlight(_ most: Int) throws {
        var desk = desk { settings in
            settings.mostInFlight = most
            (settings.gate.firstLimit, settings.gate.ceiling) = (1000, 1000)
        }
        try desk.enqueue(1...100, node: 1)
        try desk.enqueue(101...200, node: 2)
        let sent = desk.send()
        let first = sent.filter { $0.rawValue <= 100 }
        // Three quarters for whoever comes first, the last one for who has less than half.
        #expect(first.count == most / 4 * 3 && sent.count == most)
        // The rest wait for an answer, not for time.
        #expect(desk.dispatcher.wakeTime(at: desk.now) == nil)
        #expect(desk.send().isEmpty)
        _ = try desk.answer(first[0].rawValue, .confirmed(lastModified: 1))
        #expect(desk.send().count == 1)
        #expect(desk.dispatcher.inFlight == most)
    }

    @Test("sends as many as it is asked for, and the rest when it is asked again")
    func mostAtATime() throws {
        var dispatcher = desk { ($0.gate.firstLimit, $0.gate.ceiling) = (1000, 1000) }.dispatcher
        let now = start
        for node in Int64(1)...3 {
            for uid in node * 100..<node * 100 + 10 { dispatcher.enqueue(try .of(uid, node: node, readAt: now)) }
        }
        var sent: [UID] = []
        for most in [0, 1, 12, 100, 100] {
            let send = dispatcher.next(at: now, most: most).send
            #expect(send.count <= most)
            sent += send.map(\.request.uid)
        }
        #expect(sent.count == 30 && Set(sent).count == 30)
    }

    @Test("a shortage of this machine is tried again, counts for nothing against the node, and ends as such")
    func shortage() throws {
        var desk = desk { $0.retry.maxAttempts = 3 }
        try desk.enqueue(1...1)
        for attempt in 1...3 {
            #expect(desk.send() == [UID(1)])
            let answered = try desk.answer(1, .shortage(what: "too many open files"))
            #expect(answered.change == nil)
            switch answered.resolution {
            case .continuing: #expect(attempt < 3)
            case .short(let job): #expect(attempt == 3 && job.uid == UID(1))
            default: Issue.record("\(answered.resolution)")
            }
            desk.now += .seconds(60)
        }
        #expect(desk.dispatcher.gates.values.allSatisfy { !$0.isCircuitOpen && $0.abandonReason == nil })
    }
}

extension NodeDispatcher.Resolution {
    fileprivate var leftUID: Int64? { if case .skipped(let job, _) = self { job.uid.rawValue } else { nil } }
    fileprivate var failedUID: Int64? { if case .failed(let job, _) = self { job.uid.rawValue } else { nil } }
}
