/// What answers mean: for the node, for the record, and for the send budget.
extension NodeDispatcher {
    package mutating func answered(_ ticket: Int, with answer: NodeAnswer, at now: Instant) -> Answered? {
        guard let flight = flights.removeValue(forKey: ticket) else { return nil }
        let index = flight.lane
        turns.enter(index)
        var change: NodeGate.Change?
        if answer.verdict == .timedOut {
            change = lanes[index].gate.requestTimedOut(flight.request, elapsed: answer.elapsed, now: now)
        } else if let sign = sign(of: answer.verdict) {
            change = lanes[index].gate.requestFinished(flight.request, sign, elapsed: answer.elapsed, now: now)
        } else {
            lanes[index].gate.requestAbandoned(flight.request, now: now)
        }
        if let quiet = answer.quiet {
            change = lanes[index].gate.quietAsked(quiet, now: now) ?? change
        }
        switch answer.verdict {
        case .confirmed where answer.provesSignature: lanes[index].gate.signatureAccepted()
        case .writtenSince: lanes[index].gate.signatureAccepted()
        case .signatureRefused: change = lanes[index].gate.signatureRefused() ?? change
        case .refused: change = lanes[index].gate.requestRefused() ?? change
        case .decommissioned: change = lanes[index].gate.leave(.decommissioned) ?? change
        default: break
        }
        let resolution = resolve(flight, answer, change: &change, now: now)
        switch resolution {
        case .held(let job, _), .failed(let job, _), .left(let job, _): giveBack(job)
        case .continuing, .confirmed: break
        }
        let released = lanes[index].gate.reasonLeft == nil ? [] : lanes[index].removeAll()
        released.forEach { giveBack($0) }
        return Answered(
            uid: flight.job.uid,
            target: lanes[index].target,
            resolution: resolution,
            change: change,
            released: released
        )
    }

    /// What the verdict says about the node; nil if nothing.
    private func sign(of verdict: NodeAnswer.Verdict) -> NodeGate.Sign? {
        switch verdict {
        case .confirmed: .good
        case .writtenSince, .notFound, .refused, .signatureRefused: .neutral
        case .abandoned, .decommissioned: nil
        case .busy: .overloaded
        case .trouble: .failed(.serverErrors)
        case .misrouted: .failed(.misrouted)
        case .timedOut, .unreachable: .failed(.unreachable)
        }
    }

    private mutating func resolve(
        _ flight: Flight,
        _ answer: NodeAnswer,
        change: inout NodeGate.Change?,
        now: Instant
    ) -> Resolution {
        var job = flight.job
        job.noteAnswer(answer, at: now)
        switch answer.verdict {
        case .confirmed:
            job.confirmedKeys += 1
            if job.confirmedKeys == job.deletion.keys.count { return .confirmed(job) }
            if isClosed || lanes[flight.lane].gate.reasonLeft != nil { return .left(job, nil) }
            job.attempts = 0
            job.goodAnswersAtFirstFailure = nil
            lanes[flight.lane].prepend(job)
            return .continuing
        case .writtenSince: return .held(job, .writtenSince)
        case .notFound: return .held(job, .notFound)
        case .refused: return .failed(job, .http4xx)
        case .signatureRefused:
            return lanes[flight.lane].gate.acceptedSignature ? .failed(job, .http4xx) : .left(job, .http4xx)
        case .decommissioned: return .left(job, .http5xx)
        case .misrouted: return .left(job, .misrouted)
        case .abandoned: return .left(job, nil)
        case .busy:
            let wait = answer.retryAfter ?? settings.retry.delay(afterAttempts: job.attempts, using: &random)
            if lanes[flight.lane].gate.goodAnswers == flight.request.goodAnswers {
                change = lanes[flight.lane].gate.quietAsked(wait, now: now) ?? change
            }
            let resolution = retry(job, of: flight, after: wait, failure: answer.verdict.failure, now: now)
            if case .left = resolution {
                let overloaded = lanes[flight.lane].gate.stayedOverloaded(startedAt: flight.request.startedAt, now: now)
                change = overloaded ?? change
            }
            return resolution
        case .trouble, .timedOut, .unreachable:
            let wait = settings.retry.delay(afterAttempts: job.attempts, using: &random)
            let asked = answer.retryAfter ?? .zero
            return retry(job, of: flight, after: max(wait, asked), failure: answer.verdict.failure, now: now)
        }
    }

    /// Tries again later, or says whose failure it is: the record's, if its node answered other records well between
    /// this record's attempts; else the node's.
    private mutating func retry(
        _ job: Job,
        of flight: Flight,
        after wait: Duration,
        failure: FailureReason?,
        now: Instant
    ) -> Resolution {
        let gate = lanes[flight.lane].gate
        if gate.reasonLeft != nil || isClosed {
            return .left(job, failure)
        }
        var job = job
        let goodBefore =
            job.attempts == 1 ? flight.request.goodAnswers : job.goodAnswersAtFirstFailure ?? gate.goodAnswers
        if job.attempts >= settings.retry.maxAttempts || wait > settings.gate.longestQuiet {
            let othersWentWell = gate.goodAnswers > goodBefore && !gate.isCutOff
            return othersWentWell ? .failed(job, failure ?? .unknown) : .left(job, failure)
        }
        job.goodAnswersAtFirstFailure = job.goodAnswersAtFirstFailure ?? gate.goodAnswers
        lanes[flight.lane].delay(job, until: now + wait)
        return .continuing
    }

    /// Gives a record's place in the budget back, unless some attempt may have deleted its data.
    mutating func giveBack(_ job: Job) {
        if job.isReserved, !job.mayHaveBeenCarriedOut {
            // Any lane may go on then.
            if budget.isExhausted { turns.enterAll() }
            budget.giveBack()
        }
    }
}
