/// When a node's circuit opens, when it closes again, and when the node is abandoned.
extension NodeGate {
    /// Gives the node up for the rest of the run.
    package mutating func abandon(_ reason: TroubleReason) -> Change? {
        if case .abandoned = phase { return nil }
        phase = .abandoned(reason)
        return .abandoned(reason)
    }

    /// A new run begins: a node that was left gets a probe, and what counts for one run starts anew.
    package mutating func runStarted(now: Instant) {
        if case .abandoned(let reason) = phase {
            phase = .circuitOpen(reason, until: now, coolDown: settings.firstCoolDown)
        }
        requests = RequestsInFlight()
        probesFailed = 0
        refusalsInARow = 0
        known.hasAccepted = false
    }

    mutating func reopen() -> Change? {
        failuresInARow = 0
        guard case .circuitOpen = phase else { return nil }
        phase = .healthy
        concurrency.startAgain()
        probesFailed = 0
        return .recovered
    }

    mutating func countRefusal(startedAt: Instant, now: Instant) -> Change? {
        refusalsInARow += 1
        switch phase {
        case .abandoned: return nil
        case .healthy:
            return refusesEverything ? openCircuit(.refusesEverything, for: settings.firstCoolDown, now: now) : nil
        case .circuitOpen: return countFailure(.refusesEverything, startedAt: startedAt, now: now)
        }
    }

    mutating func countFailure(_ reason: TroubleReason, startedAt: Instant, now: Instant) -> Change? {
        failuresInARow += 1
        switch phase {
        case .abandoned: return nil
        case .healthy:
            if failuresInARow < settings.failuresToOpen { return nil }
            return openCircuit(reason, for: settings.firstCoolDown, now: now)
        case .circuitOpen(_, let until, let coolDown):
            // What was sent before the cut proves nothing new.
            if startedAt < until { return nil }
            probesFailed += 1
            if probesFailed >= settings.probesPerRun { return abandon(reason) }
            let longer = min(coolDown * 2, settings.longestCoolDown)
            _ = openCircuit(reason, for: longer, now: now)
            return .probeFailed(reason, nextIn: longer)
        }
    }

    private mutating func openCircuit(_ reason: TroubleReason, for coolDown: Duration, now: Instant) -> Change {
        phase = .circuitOpen(reason, until: now + coolDown, coolDown: coolDown)
        return .circuitOpen(reason, for: coolDown)
    }
}
