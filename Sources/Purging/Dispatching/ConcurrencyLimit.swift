/// How many requests at once suit a node, found out from its answers: a pure state machine.
///
/// A node's capacity is where more requests at once only wait longer. The limit follows from how the time of an answer
/// compares with its floor, the time when nothing waits. While it stays near, the limit grows: it doubles with each
/// round of answers at first, and later grows by half its square root. When the time rises, the limit goes down to
/// what Little's law says that the node really works on, `limit × floor / time`, and a short queue. This is the
/// gradient method, of the family of TCP Vegas. The floor is measured at a few requests at first, and at a third of
/// the limit about once a minute, so that a standing queue is never taken for the node's own pace.
///
/// Answers take all sorts of times, as users have all sorts of data. Times are averaged by their square roots, so that
/// one large user is no queue; and a round goes on until its average is good to a tenth, or for four times the limit,
/// and counts for a queue only if the difference is more than twice the averages' standard errors.
///
/// How much of a queue is let stand is the ``Urgency``'s. A purge that isn't urgent yields to whoever else uses the node, as
/// LEDBAT does: it takes longer rounds, so that a small rise of the time is told from chance, and lets almost none stand.
///
/// Errors halve the limit, unless ``ErrorMemory`` says that they have little to do with it.
struct ConcurrencyLimit: Sendable {
    typealias Instant = ContinuousClock.Instant

    struct Settings: Sendable, Equatable {
        /// The most requests in flight, `--concurrency`.
        var ceiling = 32
        /// Requests in flight before anything is known of the node.
        var first = 2
        /// An answer may take so many times the floor.
        var tolerance = 1.25
        /// And so much longer on top of that: what harms no node, and what may be our own unrest.
        var slack = Duration.milliseconds(5)
        /// Answers that take no longer than this are fine, whatever the floor: nobody notices.
        var unnoticed = Duration.zero
        /// How long the floor holds until it is measured again.
        var floorLifetime = Duration.seconds(60)
        /// A moment at which a minute began by the machine's clock: the floor is measured at the beginning of each, so that
        /// all who send to the node hold back at once, and none takes the others' queue for the node's own pace. Nil for
        /// whenever the floor is old.
        var minuteBegan: Instant?
        /// So many standard errors may be chance.
        var doubt = 2.0
        /// A round ends once its average is good to this share,
        var accuracy = 0.1
        /// or after so many answers, or so many times the limit.
        var longestRound = 32
        var longestRoundTimes = 4
        /// What a round of equal answers is taken to be off, squared.
        var prior = 0.09
        /// Whether the limit is tried a little above what fits although there is a queue.
        var insists = true

        init() {}

        /// How much of a node's time a purge takes from others who use it.
        init(_ urgency: Urgency) {
            switch urgency {
            case .high: break
            case .normal:
                (tolerance, slack, unnoticed) = (1.1, .milliseconds(2), .milliseconds(4))
                (accuracy, longestRound, insists) = (0.07, 64, false)
            case .low:
                (tolerance, slack, unnoticed) = (1.02, .milliseconds(1), .milliseconds(4))
                (accuracy, longestRound, longestRoundTimes) = (0.04, 256, 8)
                (doubt, prior, insists) = (1.5, 0.05, false)
            }
        }
    }

    private enum Pace: Sendable, Equatable {
        /// The floor is being measured for the first time.
        case first
        /// It is being measured again, by requests that started after this moment.
        case measuring(since: Instant)
        case doubling
        case following
    }

    private let settings: Settings
    private var window: Double
    private var pace = Pace.first
    private var round: Round
    private var floor: Round.Average?
    private var floorMeasuredAt: Instant?
    /// The window when nothing queued last.
    private var windowWithoutQueue = 0.0
    private var errors: ErrorMemory
    private var lastDecrease: Instant?
    /// The usual time of an answer in seconds, as of the last round; nil before the first.
    private(set) var typicalLatency: Double?

    /// The time of an answer in seconds when nothing waits; nil before it was measured.
    var latencyAtRest: Double? { floor?.seconds }

    init(settings: Settings) {
        self.settings = settings
        round = Round(settings)
        window = Double(min(settings.first, settings.ceiling))
        errors = ErrorMemory(ceiling: settings.ceiling)
    }

    /// How many requests may be in flight.
    var value: Int {
        if case .measuring = pace { return max(1, Int(window) / 3) }
        return max(1, Int(window))
    }

    /// The node did what it was asked to.
    mutating func answeredWell(_ request: NodeGate.Request, elapsed: Duration, now: Instant) {
        errors.answeredWell(inFlight: request.inFlight)
        if isMinuteOver(now) {
            pace = .measuring(since: now)
            round = Round(settings)
        }
        // What started at that very moment waited behind the queue that was there.
        if case .measuring(let since) = pace, request.startedAt <= since + drain { return }
        round.add(elapsed, filledUp: request.filledUp)
        let isMeasuring = pace != .doubling && pace != .following
        if round.isComplete(at: value, isMeasuring: isMeasuring) {
            end(round, now: now)
            round = Round(settings)
        }
    }

    /// Whether another minute has begun since the floor was measured, and that is long enough ago.
    private func isMinuteOver(_ now: Instant) -> Bool {
        guard let began = settings.minuteBegan, let floor, let floorMeasuredAt, pace == .doubling || pace == .following,
            now - floorMeasuredAt >= .seconds(floor.seconds * 25)
        else { return false }
        func minute(_ moment: Instant) -> Double { ((moment - began) / settings.floorLifetime).rounded(.down) }
        return minute(now) != minute(floorMeasuredAt)
    }

    /// The others' queues need time to go, too.
    private var drain: Duration {
        guard settings.minuteBegan != nil, let floor else { return .zero }
        return .seconds(2 * floor.seconds)
    }

    /// The node had too much to do, or failed.
    ///
    /// - Parameter mayBeLoad: whether the number of requests may be the reason.
    mutating func answeredBadly(_ request: NodeGate.Request, mayBeLoad: Bool, now: Instant) {
        if pace == .doubling { pace = .following }
        // What was in flight at the last decrease tells nothing about the limit since then.
        let isNew = lastDecrease.map { request.startedAt >= $0 } ?? true
        let reaction =
            mayBeLoad ? errors.failed(inFlight: request.inFlight, limit: window, isNew: isNew, now: now) : .halve
        if !isNew { return }
        lastDecrease = now
        switch reaction {
        case .ease: window = max(1, window * 0.9)
        case .halve:
            window = max(1, min(window / 2, Double(mostNow(now))))
            round = Round(settings)
        }
    }

    /// The node was out of reach, and is back: what it can take is found out anew.
    mutating func startAgain() {
        window = 1
        pace = floor == nil ? .first : .doubling
        round = Round(settings)
    }

    private mutating func end(_ round: Round, now: Instant) {
        let time = round.average
        typicalLatency = time.seconds
        guard let known = floor, pace == .doubling || pace == .following else {
            // A node that has become much slower for reasons of its own is as good as a new one.
            let isKnown = floor.map { time.seconds < $0.seconds * (1.5 + chance(time, $0)) } ?? false
            pace = isKnown ? .following : .doubling
            floor = time
            floorMeasuredAt = now
            windowWithoutQueue = window
            return
        }
        let noise = chance(time, known)
        if time.seconds * (1 + noise) < known.seconds { floor = time }
        let bearable = max(
            known.seconds * settings.tolerance * (1 + noise) + settings.slack.inSeconds,
            settings.unnoticed.inSeconds
        )
        let share = min(1, bearable / time.seconds)
        let isQueueing = share < 1
        if isQueueing, pace == .doubling { pace = .following }
        if isQueueing || round.wasBusy {
            let growth =
                isQueueing ? (settings.insists ? 1 : 0) : pace == .doubling ? window : max(1, window.squareRoot() / 2)
            window = max(1, min(window * max(share, 0.5) + growth, Double(mostNow(now))))
        }
        if !isQueueing { windowWithoutQueue = window }
        let lifetime = max(settings.floorLifetime, .seconds(time.seconds * 50))
        let isOld = settings.minuteBegan == nil && floorMeasuredAt.map { now - $0 >= lifetime } ?? true
        // A time that stays long while the limit shrinks is no queue of ours.
        let isDoubtful = isQueueing && window <= max(2, windowWithoutQueue / 2)
        if isOld || isDoubtful { pace = .measuring(since: now) }
    }

    /// The share by which two averages may well differ by chance.
    private func chance(_ one: Round.Average, _ other: Round.Average) -> Double {
        settings.doubt * (one.error * one.error + other.error * other.error).squareRoot()
    }

    private func mostNow(_ now: Instant) -> Int { min(errors.limit(at: now) ?? settings.ceiling, settings.ceiling) }
}

extension ConcurrencyLimit {
    /// Answers that are averaged: at least about as many as there are requests in flight.
    private struct Round: Sendable {
        /// A mean time, and how far it may be off.
        struct Average: Sendable {
            let seconds: Double
            /// The standard error, as a share of the mean.
            let error: Double
        }

        private let settings: Settings

        private var answers = 0
        private var roots = 0.0
        private var squares = 0.0
        /// Whether the node had as many requests as it may have, at some time.
        private(set) var wasBusy = false

        init(_ settings: Settings) { self.settings = settings }

        mutating func add(_ elapsed: Duration, filledUp: Bool) {
            let seconds = max(elapsed.inSeconds, 1e-6)
            answers += 1
            roots += seconds.squareRoot()
            squares += seconds
            wasBusy = wasBusy || filledUp
        }

        var average: Average {
            let mean = roots / Double(answers)
            let variance = max(0, squares / Double(answers) - mean * mean)
            // The root's relative error counts twice in its square. A few equal answers prove no accuracy, so each
            // time is taken to be off by a third at least.
            let error = ((4 * variance / (mean * mean) + settings.prior) / Double(answers)).squareRoot()
            return Average(seconds: mean * mean, error: error)
        }

        func isComplete(at limit: Int, isMeasuring: Bool) -> Bool {
            answers >= max(limit, isMeasuring ? 12 : 4)
                && (answers >= max(settings.longestRoundTimes * limit, settings.longestRound)
                    || average.error <= settings.accuracy)
        }
    }
}

/// `--urgency`: how much of a node's time a purge takes from others who use it.
package enum Urgency: String, Sendable, CaseIterable {
    case low, normal, high
}
