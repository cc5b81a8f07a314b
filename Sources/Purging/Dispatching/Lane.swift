import DequeModule
import SyncTokens

/// One storage node's share of the work: its gate, and the records that wait for it.
struct Lane: Sendable {
    typealias Instant = ContinuousClock.Instant

    let target: ServiceURL
    var gate: NodeGate
    /// To be sent, in order.
    private(set) var ready: Deque<Job> = []
    /// To be tried again at a certain time.
    private(set) var delayed: [Job] = []
    /// Refused by the node, until it is known whose failure that is. Fewer than refuse a node's whole work.
    var refused: [Job] = []
    /// Being read again because what they rest on is too old.
    var rereading = 0
    /// Whether a record of the node was seen in this run.
    var isSeen = false
    /// Decided on, but not here yet.
    var expected = 0

    init(target: ServiceURL, gate: NodeGate) {
        self.target = target
        self.gate = gate
    }

    /// All records here, those in flight included.
    var load: Int { ready.count + delayed.count + rereading + expected + gate.inFlight }

    /// Whether a record here could be sent, as far as the send budget is concerned.
    func hasSendable(reservedOnly: Bool) -> Bool {
        reservedOnly ? ready.contains(where: \.isReserved) : !ready.isEmpty
    }

    /// Whether a record here holds a place in the send budget.
    var hasReserved: Bool { ready.contains(where: \.isReserved) || delayed.contains(where: \.isReserved) }

    var hasWaiting: Bool { !ready.isEmpty || !delayed.isEmpty }

    /// Records that another one would have to wait for. Those that are stuck, or have a time to wait, are none.
    var ahead: Int { ready.count + rereading + expected + min(gate.inFlight, gate.limit) }

    /// Whether another record would only wait behind those that are here. `share` bounds what one lane may keep.
    func isFull(share: Int) -> Bool {
        let most = max(min(gate.usefulQueue, share), gate.limit + 1)
        return ahead >= most || delayed.count >= max(most, Self.mostDelayed)
    }

    /// Records that wait for another attempt, before no others are taken.
    private static let mostDelayed = 32

    /// Whether the node could take more than it is given.
    func isHungry(at now: Instant) -> Bool {
        switch gate.permission(at: now) {
        case .go, .full, .trial: load < gate.limit
        case .probe: ready.isEmpty && delayed.isEmpty
        case .waitUntil, .abandoned: false
        }
    }

    mutating func append(_ job: Job) { ready.append(job) }

    mutating func prepend(_ job: Job) { ready.prepend(job) }

    mutating func delay(_ job: Job, until: Instant) {
        var job = job
        job.notBefore = until
        delayed.append(job)
    }

    /// Moves records whose time has come in front of the others.
    mutating func wakeDelayed(at now: Instant) {
        guard delayed.contains(where: { $0.notBefore.map { $0 <= now } ?? true }) else { return }
        for job in delayed where job.notBefore.map({ $0 <= now }) ?? true {
            ready.prepend(job)
        }
        delayed.removeAll { $0.notBefore.map { $0 <= now } ?? true }
    }

    /// The next record to send. A probe takes one that was not tried yet, if there is any: a record that always fails
    /// must not keep its node's circuit open. A trial takes no other. When the send budget is used up, only records with a
    /// place in it can go.
    mutating func take(for permission: NodeGate.Permission, reservedOnly: Bool) -> Job? {
        if reservedOnly {
            return ready.firstIndex(where: \.isReserved).map { ready.remove(at: $0) }
        }
        if permission == .go { return ready.popFirst() }
        if let untried = ready.firstIndex(where: { $0.attempts == 0 }) {
            return ready.remove(at: untried)
        }
        if permission == .trial { return nil }
        if ready.isEmpty, !delayed.isEmpty {
            return delayed.removeFirst()
        }
        return ready.popFirst()
    }

    /// When time alone lets a record here go on; nil if something else must happen first.
    func wakeTime(at now: Instant) -> Instant? {
        if ready.isEmpty, delayed.isEmpty { return nil }
        switch gate.permission(at: now) {
        case .waitUntil(let moment): return moment
        case .go, .probe: return firstDelayed
        case .trial: return [firstDelayed, gate.nextStuck(at: now)].compactMap { $0 }.min()
        case .full:
            let trial = gate.nextTrial.flatMap { trial in ready.contains { $0.attempts == 0 } ? trial : nil }
            return [firstDelayed, trial, gate.nextStuck(at: now)].compactMap { $0 }.min()
        case .abandoned: return nil
        }
    }

    private var firstDelayed: Instant? { delayed.compactMap(\.notBefore).min() }

    /// - Returns: how many records gave up their places in the send budget, as their turn is further away than this.
    mutating func releaseReservations(at now: Instant, waitingLongerThan patience: Duration) -> Int {
        let gateOpens = if case .waitUntil(let moment) = gate.permission(at: now) { moment } else { now }
        var released = 0
        func release(_ job: inout Job) {
            let due = max(gateOpens, job.notBefore ?? now)
            if !job.isReserved || job.mayHaveBeenCarriedOut || due - now <= patience { return }
            job.isReserved = false
            released += 1
        }
        for index in ready.indices { release(&ready[index]) }
        for index in delayed.indices { release(&delayed[index]) }
        return released
    }

    /// Whether records wait here, and nothing can be sent before this moment; nil otherwise.
    func waitsUntil(at now: Instant) -> Instant? {
        if ready.isEmpty, delayed.isEmpty { return nil }
        guard case .waitUntil(let moment) = gate.permission(at: now) else {
            return ready.isEmpty ? delayed.compactMap(\.notBefore).min().flatMap { $0 > now ? $0 : nil } : nil
        }
        return moment
    }

    /// Gives up what was not tried yet.
    mutating func removeUntried() -> [Job] {
        let untried = ready.filter { $0.attempts == 0 && !$0.isReserved }
        ready.removeAll { $0.attempts == 0 && !$0.isReserved }
        return Array(untried)
    }

    mutating func takeRefused() -> [Job] {
        defer { refused.removeAll() }
        return refused
    }

    /// Gives up everything that waits here.
    mutating func removeAll() -> [Job] {
        defer {
            ready.removeAll()
            delayed.removeAll()
        }
        return ready + delayed
    }
}
