import DequeModule

/// What is sent when: within what each node's gate allows, the rate, and the connections that this machine can have.
extension NodeDispatcher {
    /// What is to be sent now, and the records that must be read again before that.
    ///
    /// - Parameter most: how many requests may be sent; what is left over is to be asked for again.
    mutating func next(at now: Instant, most: Int = .max) -> (send: [Dispatch], reread: [Job]) {
        var send: [Dispatch] = []
        var reread: [Job] = []
        if isClosed { return (send, reread) }
        turns.enterDue(at: now)
        for _ in 0..<turns.line.count {
            guard limiter.wait(at: now) == nil, !isFull, send.count < most, let index = turns.popFirst() else { break }
            serve(index, at: now, most, &send, &reread)
            if limiter.wait(at: now) == nil, hasPlace(index), send.count < most {
                turns.setAlarm(index, at: lanes[index].wakeTime(at: now))
            } else {
                turns.enter(index)
            }
        }
        return (send, reread)
    }

    /// Sends as much as this lane and the limits for all of them allow.
    private mutating func serve(
        _ index: Int,
        at now: Instant,
        _ most: Int,
        _ send: inout [Dispatch],
        _ reread: inout [Job]
    ) {
        lanes[index].wakeDelayed(at: now)
        if !hasPlace(index), lanes[index].hasSendable(reservedOnly: budget.isExhausted) { hasTurnedAway = true }
        while send.count < most, limiter.wait(at: now) == nil, hasPlace(index),
            lanes[index].rereading < mostRereading(index)
        {
            let permission = lanes[index].gate.permission(at: now)
            guard permission.mayGo, var job = lanes[index].take(for: permission, reservedOnly: budget.isExhausted)
            else { return }
            if job.readAt + settings.freshness < now {
                lanes[index].rereading += 1
                reread.append(job)
                continue
            }
            if !job.isReserved {
                budget.reserve()
                job.isReserved = true
            }
            limiter.spend(at: now)
            send.append(start(job, lane: index, now: now))
        }
    }

    private mutating func start(_ job: Job, lane index: Int, now: Instant) -> Dispatch {
        var job = job
        job.noteSent(at: now)
        let request = lanes[index].gate.requestStarted(at: now)
        lastTicket += 1
        flights[lastTicket] = Flight(job: job, lane: index, request: request)
        return Dispatch(ticket: lastTicket, request: job.request(notAfter: job.readAt + settings.decisionLife))
    }

    /// How many of a lane's records may be read again at once: no more than could be sent then.
    private func mostRereading(_ index: Int) -> Int {
        limiter.isLimiting ? 1 : max(1, lanes[index].gate.limit - lanes[index].gate.inFlight)
    }

    /// When something is to be done here, if nothing else happens before; nil if nothing waits for time to pass.
    func wakeTime(at now: Instant) -> Instant? {
        if isClosed { return nil }
        var times = [turns.earliest].compactMap { $0 }
        let limited = limiter.wait(at: now)
        // One that has no place gets it when a request ends.
        for index in turns.line where hasPlace(index) {
            if let limited, lanes[index].hasSendable(reservedOnly: budget.isExhausted) {
                times.append(limited)
            } else if let moment = lanes[index].wakeTime(at: now) {
                times.append(max(moment, limited ?? moment))
            }
        }
        return times.min()
    }
}

// MARK: Connections in all

extension NodeDispatcher {
    private var isFull: Bool { flights.count >= settings.mostInFlight }

    /// Whether so many requests are in flight in all that some node may get fewer than it could take.
    private var isCrowded: Bool { flights.count >= settings.mostInFlight / 4 * 3 }

    /// Whether a lane may have one more request in flight. The last quarter of what is possible is for those that have less
    /// than their share, so that slow nodes don't take it all.
    private func hasPlace(_ index: Int) -> Bool {
        if !isCrowded { return true }
        return !isFull && lanes[index].gate.inFlight < max(1, settings.mostInFlight / max(1, seenLanes))
    }
}
