import SyncTokens

/// Proving the secret, and ending passes and the run.
extension PurgeEngine {
    /// Whether nothing is under way that could bring an event.
    func isQuiescent(at now: Instant) -> Bool {
        dispatcher.inFlight == 0 && !isReading && rereads.isIdle && !settler.isWriting
            && dispatcher.wakeTime(at: now) == nil && settler.wakeTime == nil && trail.isEmpty
    }

    /// Ends the pass or the run.
    ///
    /// - Returns: whether there may be something to do again.
    mutating func resolveQuiescence(at now: Instant) -> Bool {
        if stopReason == nil, proof.speaksAgainst {
            stop(.secretRefused)
        } else if stopReason == nil, proof.isOpen {
            if startNextPass() { return true }
            if accounts == .deleted, !proof.needsAllAccounts {
                proof.widen()
                pass = BacklogPass(from: start)
                return true
            }
            // A node that may not be asked yet could have been, so that there is nothing to ask can't be said.
            if proof.sent.isEmpty, dispatcher.abandoned.isEmpty {
                proof.nothingToAsk()
                startAnew()
                return true
            }
            endUnproven(at: now)
        }
        if stopReason == nil, decideRefusals(at: now) { return true }
        if stopReason == nil, !proof.isOpen, pass.isAtEnd, pending.isEmpty {
            if startNextPass() { return true }
            if lookAtTombstonesAgain() { return true }
            if accounts == .deleted {
                accounts = .all
                leftOfDeleted = pass.left
                pass = BacklogPass(from: start, number: pass.number + 1)
                return true
            }
        }
        if stopReason == nil, proof.state == .challenged { endUnproven(at: now) }
        trail.concludeAll(reason: AuditTrail.stopped)
        if !trail.isEmpty { return true }
        isFinished = true
        return false
    }

    /// Starts the leave out what this one left out, if there is any.
    private mutating func startNextPass() -> Bool {
        guard pass.isAtEnd, pending.isEmpty else { return false }
        let (directory, dispatcher) = (directory, dispatcher)
        // What abandoned nodes have left goes along, in case they are taken up before the end.
        let next = pass.next(
            without: { directory[$0]?.target.map(dispatcher.isGoneForRun) ?? false },
            ready: { !(directory[$0]?.target.map(dispatcher.isLeftForRun) ?? false) }
        )
        guard let next else { return false }
        pass = next
        return true
    }

    /// Starts the next pass for nodes that have room again, while others have enough to do, or are in trouble.
    mutating func startNextPassEarly() {
        guard stopReason == nil, pass.isAtEnd, pending.isEmpty, !isReading else { return }
        let next = pass.next(
            without: { directory[$0]?.target.map(dispatcher.isGoneForRun) ?? false },
            ready: canTakeAgain
        )
        if let next {
            pass = next
        }
    }

    /// What tombstones wait for may have gone since they were read, as it came later in the backlog.
    ///
    /// - Returns: whether there are any.
    private mutating func lookAtTombstonesAgain() -> Bool {
        let later = tombstones.takeLater()
        for (uid, planned) in later { rereads.add(uid, .decision(planned: planned)) }
        return !later.isEmpty
    }

    /// Requests were sent, and no node refused the secret, but none accepted it either: nothing is written.
    private mutating func endUnproven(at now: Instant) {
        for item in settler.unwritten {
            trail.conclude(item.settlement.uid, isConfirmed: item.meaning.isDeletion, record: .kept)
            inProgress.remove(item.settlement.uid)
        }
        summary.withheld = proof.withheld + settler.unwritten.count
        settler.discard()
        for (target, resolution) in dispatcher.decideRefusals() { conclude(resolution, node: target.text, at: now) }
    }

    /// - Returns: whether there were any.
    private mutating func decideRefusals(at now: Instant) -> Bool {
        let decided = dispatcher.decideRefusals()
        for (target, resolution) in decided { conclude(resolution, node: target.text, at: now) }
        return !decided.isEmpty
    }

    /// Starts the first pass anew, now that what needs no request may be written too.
    mutating func startAnew() {
        proof.noteNewStart()
        settler.isHeld = false
        pass = BacklogPass(from: start)
        reached = nil
        pending.removeAll()
        discardsPage = isReading
        // What the audit log announces goes on.
        if trail.isOn { return }
        // What was not tried yet comes again in its turn.
        for job in dispatcher.takeBackUntried() {
            forget(job.uid)
        }
    }

    /// Whether there is a node that nothing was sent to yet, or nothing is under way to.
    var someNodeIsIdle: Bool {
        directory.places.values.contains { place in
            guard let target = place.target else { return false }
            if place.node.isDowned, !planner.policy.forcesDownedNodes { return false }
            return !dispatcher.isLeftForRun(target) && dispatcher.isIdle(target)
        }
    }

    mutating func meetNodes() {
        for place in directory.places.values {
            if let target = place.target {
                dispatcher.meet(target, isThrottled: place.node.isThrottled)
            }
        }
    }
}
