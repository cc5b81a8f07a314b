/// How many requests one storage node gets at once, and whether it gets any: a pure state machine, one for each node.
///
/// The limit grows while the node answers well (by one for each good answer at first, then by one for each round of
/// answers) and halves when the node is in trouble, at most once for each round. A node that fails several times in a
/// row is cut off (a circuit breaker): after a cool-down that doubles each time, one request probes it. A node can be
/// left for the rest of a run. Gates outlive runs, so a later run starts with what was learnt.
///
/// Time is only ever passed in.
package struct NodeGate: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package struct Settings: Sendable, Equatable {
        /// The most requests in flight, `--concurrency`.
        package var ceiling = 32
        /// Requests in flight before anything is known of the node.
        package var firstLimit = 4
        /// Failures in a row that cut the node off.
        package var failuresToCutOff = 5
        package var firstCoolDown = Duration.seconds(5)
        package var longestCoolDown = Duration.seconds(60)
        /// Probes that may fail before the node is left for the run.
        package var probesPerRun = 3
        /// The longest pause that a node may ask for; a node that wants a longer one is left for the run.
        package var longestQuiet = Duration.seconds(120)
        /// Signatures that a node may refuse, before it accepted any, until it is left for the run.
        package var refusalsToLeave = 3
        /// Requests that a node may refuse otherwise, before it accepted any signature, until it is left for the run.
        package var rejectionsToLeave = 20

        package init() {}
    }

    /// Whether a request may be sent now.
    package enum Permission: Sendable, Equatable {
        case go
        /// One request, to find out whether the node has recovered.
        case probe
        /// Nothing before this moment.
        case waitUntil(Instant)
        /// Not until a request in flight ends.
        case full
        /// Not in this run any more.
        case leftForRun
    }

    package enum LeaveReason: String, Sendable {
        case unreachable
        case misrouted
        case serverErrors = "server_errors"
        case signatureRefused = "signature_refused"
        case refusesEverything = "refuses_everything"
        case decommissioned
        case longPause = "long_pause"
        case overloaded
    }

    /// What an answer says about the node, whatever it means for the record.
    package enum Sign: Sendable, Equatable {
        /// It deleted what it was asked to.
        case good
        /// It answered about this one record.
        case neutral
        /// It has too much to do.
        case overloaded
        case failed(LeaveReason)
    }

    /// What changed for the node as a whole, for those who watch.
    package enum Change: Sendable, Equatable {
        case cutOff(LeaveReason, for: Duration)
        case recovered
        case left(LeaveReason)
    }

    private enum Phase: Sendable, Equatable {
        case open
        case cutOff(LeaveReason, until: Instant, coolDown: Duration)
        case left(LeaveReason)
    }

    package let settings: Settings
    /// Requests in flight.
    package private(set) var inFlight = 0
    /// Good answers so far; a record's attempts are compared with it to tell whose a failure is.
    package private(set) var goodAnswers = 0
    /// Whether the node accepted a signature of ours in this run.
    package private(set) var acceptedSignature = false
    /// `backoff` is set on the node's row: a quarter of the usual concurrency at most.
    package var isThrottled = false

    private var phase = Phase.open
    private var window: Double
    private var isGrowingFast = true
    private var quietUntil: Instant?
    private var lastHalving: Instant?
    private var failuresInARow = 0
    private var probesFailed = 0
    private var refusals = 0
    private var rejections = 0
    private var meanLatency: Double?

    package init(settings: Settings) {
        self.settings = settings
        window = Double(min(settings.firstLimit, settings.ceiling))
    }

    /// How many requests may be in flight while the node is open.
    package var limit: Int {
        let ceiling = isThrottled ? max(1, settings.ceiling / 4) : settings.ceiling
        return max(1, min(Int(window), ceiling))
    }

    package var isCutOff: Bool { if case .cutOff = phase { true } else { false } }

    package var reasonLeft: LeaveReason? { if case .left(let reason) = phase { reason } else { nil } }

    /// Records worth keeping ready: what the node takes in about a second, or a few probes if it is cut off.
    package var usefulQueue: Int {
        guard case .open = phase else { return settings.probesPerRun }
        guard let meanLatency else { return 2 * limit }
        return limit + Int(min(Double(limit) / max(meanLatency, 0.002), 512))
    }

    package func permission(at now: Instant) -> Permission {
        switch phase {
        case .left: return .leftForRun
        case .cutOff(_, let until, _):
            if inFlight > 0 {
                return .full
            }
            let from = max(until, quietUntil ?? until)
            return from > now ? .waitUntil(from) : .probe
        case .open:
            if let quietUntil, quietUntil > now {
                return .waitUntil(quietUntil)
            }
            return inFlight < limit ? .go : .full
        }
    }

    package mutating func requestStarted() { inFlight += 1 }

    /// A request ended without telling anything about the node.
    package mutating func requestAbandoned() { inFlight -= 1 }

    /// Takes what an answer says about the node.
    ///
    /// - Returns: what changed for the node as a whole, if anything.
    package mutating func requestFinished(
        _ sign: Sign,
        startedAt: Instant,
        elapsed: Duration,
        now: Instant
    ) -> Change? {
        let wasBusy = inFlight >= limit
        inFlight -= 1
        switch sign {
        case .good:
            goodAnswers += 1
            let latency = elapsed.inSeconds
            meanLatency = meanLatency.map { $0 * 0.9 + latency * 0.1 } ?? latency
            return reopen(growing: wasBusy)
        case .neutral:
            return isCutOff ? reopen(growing: false) : nil
        case .overloaded:
            halve(startedAt: startedAt, now: now)
            return isCutOff ? countFailure(.overloaded, startedAt: startedAt, now: now) : nil
        case .failed(let reason):
            halve(startedAt: startedAt, now: now)
            return countFailure(reason, startedAt: startedAt, now: now)
        }
    }

    /// A record was tried until its attempts were used up, and the node was too busy all the time.
    package mutating func stayedOverloaded(startedAt: Instant, now: Instant) -> Change? {
        countFailure(.overloaded, startedAt: startedAt, now: now)
    }

    /// The node asked for nothing new for this long.
    package mutating func quietAsked(_ duration: Duration, now: Instant) -> Change? {
        if duration > settings.longestQuiet {
            return leave(.longPause)
        }
        quietUntil = max(quietUntil ?? now, now + duration)
        return nil
    }

    /// The node answered in a way that it does only after it accepted the signature.
    package mutating func signatureAccepted() { acceptedSignature = true }

    /// The node refused a signature. That is its own failure, or the secret's, until it has accepted one.
    package mutating func signatureRefused() -> Change? {
        refusals += 1
        return !acceptedSignature && refusals >= settings.refusalsToLeave ? leave(.signatureRefused) : nil
    }

    /// The node refused a request for another reason than its signature. A node that does only that is none.
    package mutating func requestRefused() -> Change? {
        rejections += 1
        return !acceptedSignature && rejections >= settings.rejectionsToLeave ? leave(.refusesEverything) : nil
    }

    /// Gives the node up for the rest of the run.
    package mutating func leave(_ reason: LeaveReason) -> Change? {
        if case .left = phase { return nil }
        phase = .left(reason)
        return .left(reason)
    }

    /// A new run begins: a node that was left gets a probe, and what counts for one run starts anew.
    package mutating func runStarted(now: Instant) {
        if case .left(let reason) = phase {
            phase = .cutOff(reason, until: now, coolDown: settings.firstCoolDown)
        }
        inFlight = 0
        probesFailed = 0
        refusals = 0
        rejections = 0
        acceptedSignature = false
    }

    private mutating func reopen(growing: Bool) -> Change? {
        failuresInARow = 0
        switch phase {
        case .open:
            if growing {
                window = min(Double(settings.ceiling), window + (isGrowingFast ? 1 : 1 / window))
            }
            return nil
        case .cutOff:
            phase = .open
            window = 1
            isGrowingFast = true
            probesFailed = 0
            return .recovered
        case .left:
            return nil
        }
    }

    private mutating func halve(startedAt: Instant, now: Instant) {
        isGrowingFast = false
        if let lastHalving, startedAt < lastHalving { return }
        lastHalving = now
        window = max(1, window / 2)
    }

    private mutating func countFailure(_ reason: LeaveReason, startedAt: Instant, now: Instant) -> Change? {
        failuresInARow += 1
        switch phase {
        case .left: return nil
        case .open:
            if failuresInARow < settings.failuresToCutOff { return nil }
            return cutOff(reason, for: settings.firstCoolDown, now: now)
        case .cutOff(_, let until, let coolDown):
            // What was sent before the cut proves nothing new.
            if startedAt < until { return nil }
            probesFailed += 1
            if probesFailed >= settings.probesPerRun { return leave(reason) }
            return cutOff(reason, for: min(coolDown * 2, settings.longestCoolDown), now: now)
        }
    }

    private mutating func cutOff(_ reason: LeaveReason, for coolDown: Duration, now: Instant) -> Change {
        phase = .cutOff(reason, until: now + coolDown, coolDown: coolDown)
        return .cutOff(reason, for: coolDown)
    }
}
