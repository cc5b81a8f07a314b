/// At how many requests in flight a node begins to fail, if that is what its errors depend on: a pure state machine.
///
/// A number of requests is proven by thirty good answers at that number or more. Errors at a number that is not proven
/// set a limit below it: for half a minute after a single error, for ten minutes after several or when it
/// happens there again, and twice as long each time that it proves right. A lone error at a proven number is an accident; errors that
/// go on at half the number have nothing to do with it. The limit is only eased then.
struct ErrorMemory: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What an error asks for.
    enum Reaction: Sendable {
        case ease
        case halve
    }

    private struct Ceiling: Sendable {
        var limit: Int
        var until: Instant
        var lifetime: Duration
    }

    private static let goodAnswersToProve = 30
    private static let memory = Duration.seconds(600)
    private static let shortMemory = Duration.seconds(30)
    private static let unrelatedFor = Duration.seconds(60)

    /// Good answers, by the requests in flight when theirs started.
    private var goodAnswers: [Int]
    private var goodSinceError = 0
    private var ceiling: Ceiling?
    private var lastHalving: (inFlight: Int, at: Instant)?
    private var unrelatedUntil: Instant?

    init(ceiling: Int) { goodAnswers = Array(repeating: 0, count: max(ceiling, 1) + 1) }

    /// What is not to be exceeded now; nil if nothing is known.
    func limit(at now: Instant) -> Int? { ceiling.flatMap { $0.until > now ? $0.limit : nil } }

    mutating func answeredWell(inFlight: Int) {
        goodSinceError += 1
        goodAnswers[min(inFlight, goodAnswers.count - 1)] += 1
    }

    /// The node failed, with so many requests in flight when the one that failed started.
    ///
    /// - Parameter isNew: whether that one started after the limit was last lowered.
    mutating func failed(inFlight: Int, limit: Double, isNew: Bool, now: Instant) -> Reaction {
        let isAlone = Double(goodSinceError) >= 2 * limit
        goodSinceError = 0
        if isNew, let last = lastHalving, now - last.at < Self.unrelatedFor, inFlight * 2 <= last.inFlight {
            unrelatedUntil = now + Self.unrelatedFor
            ceiling = nil
        }
        if let unrelatedUntil, now < unrelatedUntil { return .ease }
        let isProven = goodAnswers.dropFirst(inFlight).reduce(0, +) >= Self.goodAnswersToProve
        if isProven, isAlone { return .ease }
        for number in goodAnswers.indices.dropFirst(inFlight) { goodAnswers[number] = 0 }
        // With one request at a time, it is not their number.
        if !isProven, inFlight > 1 { remember(inFlight - 1, isNew: isNew, now: now) }
        if isNew { lastHalving = (inFlight, now) }
        return .halve
    }

    private mutating func remember(_ limit: Int, isNew: Bool, now: Instant) {
        guard var known = ceiling, known.until > now else {
            let isConfirmed = ceiling.map { abs($0.limit - limit) <= max(1, $0.limit / 8) } ?? false
            let lifetime = isConfirmed ? max(Self.memory, (ceiling?.lifetime ?? .zero) * 2) : Self.shortMemory
            ceiling = Ceiling(limit: max(1, limit), until: now + lifetime, lifetime: lifetime)
            return
        }
        known.limit = max(1, min(known.limit, limit))
        if !isNew {
            known.lifetime = max(known.lifetime, Self.memory)
            known.until = now + known.lifetime
        }
        ceiling = known
    }
}
