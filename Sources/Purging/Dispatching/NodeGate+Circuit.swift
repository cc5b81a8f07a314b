/// When a node's circuit opens, when it closes again, and when the node is abandoned.
extension NodeGate {
    /// Gives the node up until it is probed again, if the run lasts so long. A decommissioned one is not probed in this run.
    mutating func abandon(_ reason: TroubleReason, now: Instant) -> Change? {
        if case .abandoned = phase { return nil }
        let absence = min(settings.firstAbsence * (1 << min(absences, 16)), settings.longestAbsence)
        absences += 1
        let until = reason == .decommissioned ? nil : max(now + absence, backoffUntil ?? now)
        phase = .abandoned(reason, until: until)
        return .abandoned(reason)
    }

    /// Whether it was abandoned in this run, and may be probed again.
    func isDueAgain(at now: Instant) -> Bool {
        if case .abandoned(_, let until?) = phase { until <= now } else { false }
    }

    /// It may be probed again: the next failure abandons it anew.
    mutating func takeUp(at now: Instant) {
        guard case .abandoned(let reason, _) = phase else { return }
        phase = .circuitOpen(reason, until: now, coolDown: settings.firstCoolDown)
        probesFailed = settings.probesPerRun - 1
    }

    /// A new run begins: a node that was abandoned gets a probe, unless it asked for quiet until later; and what counts for one
    /// run starts anew.
    mutating func runStarted(now: Instant) {
        absences = 0
        if case .abandoned(let reason, _) = phase {
            if let backoffUntil, backoffUntil > now {
                phase = .abandoned(reason, until: backoffUntil)
            } else {
                phase = .circuitOpen(reason, until: now, coolDown: settings.firstCoolDown)
            }
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
            if probesFailed >= settings.probesPerRun { return abandon(reason, now: now) }
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
