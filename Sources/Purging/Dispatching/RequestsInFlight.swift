import DequeModule

/// What one node is busy with for us, and which of it is stuck.
///
/// A request is stuck if it takes much longer than others, while one that started later was answered well: that is the
/// record's own trouble and no queue at the node, and must not stand in the way of the records behind it.
struct RequestsInFlight: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// A request is not called stuck before this.
    private static let leastTimeToStick = Duration.seconds(2)
    /// A request is stuck only if it takes so many times what is usual.
    private static let usualTimesToStick = 8.0

    private static let firstSilence = Duration.seconds(1)

    /// When each one started, in this order.
    private var starts: Deque<Instant> = []
    /// The latest start of those that were answered well.
    private var latestGoodStart: Instant?
    /// Since when nothing was answered or, if something was tried because of that, since then.
    private var silentSince: Instant?
    private var silence = firstSilence

    var count: Int { starts.count }

    mutating func started(at now: Instant) {
        if let silentSince, !starts.isEmpty, now - silentSince >= silence {
            silence *= 2
            self.silentSince = now
        } else if starts.isEmpty || silentSince == nil {
            silentSince = now
        }
        starts.append(now)
    }

    mutating func ended(startedAt: Instant, now: Instant) {
        // They are sorted, and those of one moment are alike.
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] < startedAt { low = middle + 1 } else { high = middle }
        }
        if low < starts.count, starts[low] == startedAt { starts.remove(at: low) }
        silentSince = now
    }

    mutating func answeredWell(startedAt: Instant) {
        latestGoodStart = max(latestGoodStart ?? startedAt, startedAt)
        silence = Self.firstSilence
    }

    /// How many requests are stuck.
    func stuck(at now: Instant, typicalLatency: Double?) -> Int {
        guard let latestGoodStart, let first = starts.first, first < latestGoodStart else { return 0 }
        let patience = Self.patience(typicalLatency)
        return starts.prefix { $0 < latestGoodStart && now - $0 > patience }.count
    }

    /// When one more is stuck.
    func nextStuck(at now: Instant, typicalLatency: Double?) -> Instant? {
        guard let latestGoodStart, let first = starts.first, first < latestGoodStart else { return nil }
        let patience = Self.patience(typicalLatency)
        guard let next = starts.first(where: { now - $0 <= patience }), next < latestGoodStart else { return nil }
        return next + patience + .nanoseconds(1)
    }

    private static func patience(_ typicalLatency: Double?) -> Duration {
        max(leastTimeToStick, .seconds(usualTimesToStick * (typicalLatency ?? 0)))
    }

    /// From when on another request may be sent although the node has as many as it may have, as none is answered: it
    /// tells a node that hangs from records that do. After a second, then two, and so on.
    var nextBeyondLimit: Instant? {
        starts.isEmpty ? nil : silentSince.map { $0 + silence }
    }
}
