/// How many requests one storage node gets at once, and whether it gets any: a pure state machine, one for each node.
///
/// While the node is well, a ``ConcurrencyLimit`` finds out how many suit it; requests that are stuck (see
/// ``RequestsInFlight``) don't count. A node that fails several times in a row has its circuit opened (a circuit breaker): after a
/// cool-down that doubles each time, one request probes it. A node can be left for the rest of a run. Gates outlive
/// runs, so a later run starts with what was learnt.
///
/// Time is only ever passed in.
package struct NodeGate: Sendable {
    package typealias Instant = ContinuousClock.Instant

    enum Phase: Sendable, Equatable {
        case healthy
        case circuitOpen(TroubleReason, until: Instant, coolDown: Duration)
        /// Until it may be probed again; nil for not in this run.
        case abandoned(TroubleReason, until: Instant?)
    }

    /// A request that was let through.
    package struct Request: Sendable {
        package let startedAt: Instant
        /// Requests in flight when it started, with this one.
        let inFlight: Int
        /// Whether the node had then as many as it may have.
        let filledUp: Bool
        /// The node's good answers when it started.
        package let goodAnswers: Int
    }

    package let settings: Settings
    var requests = RequestsInFlight()
    /// Good answers so far; a record's attempts are compared with it to tell whose a failure is.
    package internal(set) var goodAnswers = 0
    /// What is known of whoever answers under the node's URL.
    package internal(set) var known = AnswerMeaning.Known()
    /// `backoff` is set on the node's row: a quarter of the usual concurrency at most.
    package var isThrottled = false

    /// How much of its limit may be used: an operator's word.
    var share = 1.0

    var phase = Phase.healthy
    var concurrency: ConcurrencyLimit
    private(set) var backoffUntil: Instant?
    /// When it asked for quiet last, and how often since it did what it was asked to.
    private var quietAskedAt: Instant?
    private var quietsInARow = 0
    var failuresInARow = 0
    var probesFailed = 0
    var refusalsInARow = 0
    /// How often it was abandoned in this run, since it did what it was asked to.
    var absences = 0

    package init(settings: Settings) {
        self.settings = settings
        concurrency = ConcurrencyLimit(settings: settings.concurrency)
    }

    /// Requests in flight.
    package var inFlight: Int { requests.count }

    /// How many requests may be in flight while the node is open, those that are stuck not counted.
    package var limit: Int { max(1, Int(Double(fullLimit) * share)) }

    private var fullLimit: Int { min(concurrency.value, ceiling) }

    /// How many requests may be in flight, whatever happens.
    private var ceiling: Int { isThrottled ? max(1, settings.ceiling / 4) : settings.ceiling }

    /// What an answer usually takes, in seconds.
    var typicalLatency: Double? { concurrency.typicalLatency }
    var latencyAtRest: Double? { concurrency.latencyAtRest }

    func state(at now: Instant) -> NodeStatus.State {
        switch phase {
        case .abandoned(let reason, _): return .abandoned(reason)
        case .circuitOpen(let reason, _, _): return .circuitOpen(reason)
        case .healthy:
            if let backoffUntil, backoffUntil > now { return .backingOff(for: backoffUntil - now) }
            return goodAnswers > 0 ? .healthy : .unproven
        }
    }

    /// Why its circuit is open; nil if it isn't.
    var trouble: TroubleReason? { if case .circuitOpen(let reason, _, _) = phase { reason } else { nil } }

    var isHealthy: Bool { phase == .healthy }

    package var isCircuitOpen: Bool { if case .circuitOpen = phase { true } else { false } }

    package var abandonReason: TroubleReason? { if case .abandoned(let reason, _) = phase { reason } else { nil } }

    /// Whether it is abandoned for as long as this run lasts.
    var isGoneForRun: Bool { if case .abandoned(_, nil) = phase { true } else { false } }

    /// Records worth keeping ready: what the node takes in about a second, one for each request in flight at least; or a
    /// few probes if its circuit is open.
    package var usefulQueue: Int {
        guard case .healthy = phase else { return settings.probesPerRun }
        guard let latency = concurrency.typicalLatency else { return 2 * limit }
        return limit + Int(min(Double(limit) / min(max(latency, 0.002), 1), 512))
    }

    func permission(at now: Instant) -> Permission {
        switch phase {
        case .abandoned: return .abandoned
        case .circuitOpen(_, let until, _):
            if inFlight > 0 {
                return .full
            }
            let from = max(until, backoffUntil ?? until)
            return from > now ? .waitUntil(from) : .probe
        case .healthy:
            if let backoffUntil, backoffUntil > now {
                return .waitUntil(backoffUntil)
            }
            if hasRoom(at: now) { return .go }
            return inFlight < ceiling && requests.nextBeyondLimit.map { $0 <= now } ?? false ? .trial : .full
        }
    }

    private func hasRoom(at now: Instant) -> Bool {
        if inFlight < limit { return true }
        return inFlight < ceiling
            && inFlight - requests.stuck(at: now, typicalLatency: concurrency.typicalLatency) < limit
    }

    /// When time alone lets another request through to a node that is full; nil if it doesn't.
    var nextTrial: Instant? { inFlight < ceiling && !isCircuitOpen ? requests.nextBeyondLimit : nil }

    /// When another request in flight counts as stuck, if it is not answered before.
    func nextStuck(at now: Instant) -> Instant? {
        requests.nextStuck(at: now, typicalLatency: concurrency.typicalLatency)
    }

    package mutating func requestStarted(at now: Instant) -> Request {
        requests.started(at: now)
        return Request(
            startedAt: now,
            inFlight: inFlight,
            filledUp: inFlight >= fullLimit,
            goodAnswers: goodAnswers
        )
    }

    /// A request ended without telling anything about the node.
    package mutating func requestAbandoned(_ request: Request, now: Instant) {
        requests.ended(startedAt: request.startedAt, now: now)
    }

    /// Takes what an answer says about the node.
    ///
    /// - Returns: what changed for the node as a whole, if anything.
    package mutating func requestFinished(
        _ request: Request,
        _ sign: Sign,
        elapsed: Duration,
        now: Instant
    ) -> Change? {
        requests.ended(startedAt: request.startedAt, now: now)
        switch sign {
        case .good:
            goodAnswers += 1
            refusalsInARow = 0
            quietsInARow = 0
            absences = 0
            requests.answeredWell(startedAt: request.startedAt)
            if case .healthy = phase {
                concurrency.answeredWell(request, elapsed: elapsed, now: now)
            }
            return reopen()
        case .neutral:
            return isCircuitOpen ? reopen() : nil
        case .refusal:
            return countRefusal(startedAt: request.startedAt, now: now)
        case .overloaded:
            if case .healthy = phase { concurrency.answeredBadly(request, mayBeLoad: true, now: now) }
            return isCircuitOpen ? countFailure(.overloaded, startedAt: request.startedAt, now: now) : nil
        case .failed(let reason):
            if case .healthy = phase {
                concurrency.answeredBadly(request, mayBeLoad: reason == .serverErrors, now: now)
            }
            return countFailure(reason, startedAt: request.startedAt, now: now)
        }
    }

    /// A request ran into its time limit. If the node answered many others well meanwhile, that is the record's own
    /// trouble; else the node's.
    mutating func requestTimedOut(_ request: Request, elapsed: Duration, now: Instant) -> Change? {
        if goodAnswers - request.goodAnswers >= settings.goodAnswersToBlameTheRecord {
            requestAbandoned(request, now: now)
            return nil
        }
        return requestFinished(request, .failed(.unreachable), elapsed: elapsed, now: now)
    }

    /// A record was tried until its attempts were used up, and the node was too busy all the time.
    mutating func stayedOverloaded(startedAt: Instant, now: Instant) -> Change? {
        countFailure(.overloaded, startedAt: startedAt, now: now)
    }

    /// The node asked for nothing new for this long. One that does so again and again, or for very long, is abandoned.
    ///
    /// - Parameter request: which it answered so; nil if that is unknown.
    mutating func backoffAsked(_ duration: Duration, by request: Request? = nil, now: Instant) -> Change? {
        pause(for: min(duration, settings.longestQuiet), now: now)
        if duration > settings.longestBackoff { return abandon(.longPause, now: now) }
        // What was in flight when it asked before says nothing new.
        if let quietAskedAt, let request, request.startedAt < quietAskedAt { return nil }
        // A moment is no quiet: a node that is only busy at times says so.
        if duration < settings.shortestQuiet { return nil }
        quietAskedAt = now
        quietsInARow += 1
        return quietsInARow >= settings.quietsToAbandon ? abandon(.keepsAskingForQuiet, now: now) : nil
    }

    /// Nothing new is sent for this long.
    mutating func pause(for duration: Duration, now: Instant) {
        let until = max(backoffUntil ?? now, now + duration)
        backoffUntil = until
        if case .abandoned(let reason, let again?) = phase { phase = .abandoned(reason, until: max(again, until)) }
    }

    /// Whether the node refused so many requests in a row that this is its own trouble.
    package var refusesEverything: Bool { refusalsInARow >= settings.refusalsToOpen }

    /// The node accepted the secret.
    package mutating func secretAccepted() { known.hasAccepted = true }

    /// The node sent `X-Weave-Timestamp`.
    mutating func timestampShown() { known.hasShownTimestamp = true }
}
