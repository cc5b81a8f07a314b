import SyncTokens

/// Carries out what ``AnswerMeaning`` says: for the node, for the record, and for the send budget.
extension NodeDispatcher {
    mutating func answered(_ ticket: Int, with answer: NodeAnswer, at now: Instant) -> Answered? {
        guard let flight = flights.removeValue(forKey: ticket) else { return nil }
        let index = flight.lane
        turns.enter(index)
        let meaning = AnswerMeaning(answer.verdict, from: lanes[index].gate.known, policy: settings.answers)
        if answer.nodeTime != nil { lanes[index].gate.timestampShown() }
        if meaning.secret == .accepted { lanes[index].gate.secretAccepted() }
        var change = take(meaning.node, of: flight, answer, at: now)
        if let quiet = answer.quiet {
            change = lanes[index].gate.backoffAsked(quiet, by: flight.request, now: now) ?? change
        }
        let resolution = resolve(flight, answer, meaning.record, change: &change, now: now)
        switch resolution {
        case .held(let job, _, _), .failed(let job, _), .skipped(let job, _), .short(let job): giveBack(job)
        case .continuing, .confirmed, .expired: break
        }
        releaseReservations(index, at: now)
        return Answered(
            uid: flight.job.uid,
            target: lanes[index].target,
            secret: meaning.secret,
            resolution: resolution,
            change: change,
            others: othersDecided(by: meaning.node, in: index)
        )
    }

    /// What the answer says about the node.
    private mutating func take(
        _ meaning: AnswerMeaning.ForNode,
        of flight: Flight,
        _ answer: NodeAnswer,
        at now: Instant
    ) -> NodeGate.Change? {
        let (index, elapsed) = (flight.lane, answer.elapsed)
        func finished(_ sign: NodeGate.Sign) -> NodeGate.Change? {
            lanes[index].gate.requestFinished(flight.request, sign, elapsed: elapsed, now: now)
        }
        switch meaning {
        case .failed where answer.verdict == .timedOut:
            return lanes[index].gate.requestTimedOut(flight.request, elapsed: elapsed, now: now)
        case .failed(let reason): return finished(.failed(reason))
        case .good: return finished(.good)
        case .neutral: return finished(.neutral)
        case .refusal: return finished(.refusal)
        case .overloaded: return finished(.overloaded)
        case .abandoned(let reason):
            lanes[index].gate.requestAbandoned(flight.request, now: now)
            return lanes[index].gate.abandon(reason, now: now)
        case .nothing:
            lanes[index].gate.requestAbandoned(flight.request, now: now)
            return nil
        }
    }

    private mutating func resolve(
        _ flight: Flight,
        _ answer: NodeAnswer,
        _ meaning: AnswerMeaning.ForRecord,
        change: inout NodeGate.Change?,
        now: Instant
    ) -> Resolution {
        var job = flight.job
        job.noteAnswer(answer, at: now)
        let failure = answer.verdict.failure
        switch meaning {
        case .confirmed:
            job.confirmedKeys += 1
            if job.confirmedKeys == job.deletion.keys.count { return .confirmed(job) }
            if isClosed || lanes[flight.lane].gate.abandonReason != nil { return .skipped(job, nil) }
            job.beginNextKey()
            lanes[flight.lane].prepend(job)
            return .continuing
        case .writtenSince: return writtenSince(job, of: flight, answer)
        case .held(let reason): return .held(job, reason, until: nil)
        case .refused:
            // Not carried out, so its place in the budget is free, whosever failure it is.
            giveBack(job)
            job.isReserved = false
            if isClosed || lanes[flight.lane].gate.abandonReason != nil { return .skipped(job, failure) }
            lanes[flight.lane].refused.append(job)
            return .continuing
        case .skipped: return .skipped(job, failure)
        case .decidedAnew:
            if isClosed || lanes[flight.lane].gate.abandonReason != nil { return .skipped(job, nil) }
            job.attempts -= 1
            job.expirations += 1
            if job.expirations > settings.retry.maxAttempts { return .skipped(job, .connect) }
            lanes[flight.lane].rereading += 1
            return .expired(job)
        case .triedAgain, .triedAgainAtMost:
            return retry(job, of: flight, answer, mayFail: meaning == .triedAgain, change: &change, now: now)
        }
    }

    /// 412. Tokenserver dates `replaced_at` back when it cleans up after a race, so a late write alone is no sign of harm:
    /// what nobody has written for the quiet time, and no login leads to, is deleted under just that condition.
    private mutating func writtenSince(_ job: Job, of flight: Flight, _ answer: NodeAnswer) -> Resolution {
        guard case .writtenSince(let seconds?) = answer.verdict, let nodeTime = answer.nodeTime,
            let quietTime = settings.quietTime
        else { return .held(job, .writtenSince, until: nil) }
        let lastWrite = Timestamp(secondsSince1970: seconds)
        let over = lastWrite.advanced(by: quietTime)
        if over >= Timestamp(secondsSince1970: nodeTime) || job.condition != nil {
            return .held(job, .writtenSince, until: over)
        }
        if isClosed || lanes[flight.lane].gate.abandonReason != nil { return .skipped(job, nil) }
        var job = job
        job.condition = lastWrite
        job.attempts = 0
        lanes[flight.lane].prepend(job)
        return .continuing
    }

    /// Tries again later, or says whose failure it is: the record's, if its node answered other records well between
    /// this record's attempts; else the node's.
    private mutating func retry(
        _ job: Job,
        of flight: Flight,
        _ answer: NodeAnswer,
        mayFail: Bool,
        change: inout NodeGate.Change?,
        now: Instant
    ) -> Resolution {
        let (index, failure) = (flight.lane, answer.verdict.failure)
        let delay = settings.retry.delay(afterAttempts: job.attempts, using: &random)
        let isBusy =
            switch answer.verdict {
            case .busy, .misrouted(429, _), .misrouted(503, _): true
            default: false
            }
        let wait = isBusy ? answer.retryAfter ?? delay : max(delay, answer.retryAfter ?? .zero)
        if isBusy, lanes[index].gate.goodAnswers == flight.request.goodAnswers {
            if answer.retryAfter != nil {
                change = lanes[index].gate.backoffAsked(wait, by: flight.request, now: now) ?? change
            } else {
                lanes[index].gate.pause(for: wait, now: now)
            }
        }
        let gate = lanes[index].gate
        if gate.abandonReason != nil || isClosed { return .skipped(job, failure) }
        var job = job
        let goodBefore =
            job.attempts == 1 ? flight.request.goodAnswers : job.goodAnswersAtFirstFailure ?? gate.goodAnswers
        if job.attempts >= settings.retry.maxAttempts || wait > settings.gate.longestBackoff {
            if mayFail, gate.goodAnswers > goodBefore, !gate.isCircuitOpen { return .failed(job, failure ?? .unknown) }
            if isBusy {
                let startedAt = flight.request.startedAt
                change = lanes[index].gate.stayedOverloaded(startedAt: startedAt, now: now) ?? change
            }
            if case .shortage = answer.verdict { return .short(job) }
            return .skipped(job, failure)
        }
        job.goodAnswersAtFirstFailure = job.goodAnswersAtFirstFailure ?? gate.goodAnswers
        lanes[index].delay(job, until: now + wait)
        return .continuing
    }

    /// The records whose fate this answer to another one decides: those that their node refused, and those that wait for a
    /// node which was now left.
    private mutating func othersDecided(by meaning: AnswerMeaning.ForNode, in index: Int) -> [Resolution] {
        let gate = lanes[index].gate
        var others: [Resolution] = []
        if meaning == .good {
            others += lanes[index].takeRefused().map { .failed($0, .http4xx) }
        } else if gate.refusesEverything || gate.abandonReason != nil {
            others += lanes[index].takeRefused().map { .skipped($0, .http4xx) }
        }
        if gate.abandonReason != nil {
            let waiting = lanes[index].removeAll()
            waiting.forEach { giveBack($0) }
            others += waiting.map { .skipped($0, nil) }
        }
        return others
    }

    /// Nothing more is asked for now: refusals that no answer decided on are the records' own, if their node did what it
    /// was asked to before, in this run.
    mutating func decideRefusals() -> [(target: ServiceURL, Resolution)] {
        var decided: [(target: ServiceURL, Resolution)] = []
        for index in lanes.indices {
            let isTheirs = lanes[index].gate.known.hasAccepted
            decided += lanes[index].takeRefused().map { job in
                (lanes[index].target, isTheirs ? .failed(job, .http4xx) : .skipped(job, .http4xx))
            }
        }
        return decided
    }

    /// Records that have to wait for longer than a few seconds leave their places in the budget to others, unless some attempt
    /// may have deleted their data.
    private mutating func releaseReservations(_ index: Int, at now: Instant) {
        guard budget.isLimited, lanes[index].hasReserved else { return }
        let released = lanes[index].releaseReservations(at: now, waitingLongerThan: Self.longestReservation)
        if released == 0 { return }
        turns.enterAll()
        for _ in 0..<released { budget.giveBack() }
    }

    private static let longestReservation = Duration.seconds(3)

    /// Gives a record's place in the budget back, unless some attempt may have deleted its data.
    mutating func giveBack(_ job: Job) {
        if job.isReserved, !job.mayHaveBeenCarriedOut {
            // Any lane may go on then.
            if budget.isExhausted { turns.enterAll() }
            budget.giveBack()
        }
    }
}
