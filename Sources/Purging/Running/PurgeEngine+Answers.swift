import SyncTokens

/// From a node's answers to what became of the records.
extension PurgeEngine {
    mutating func answered(_ ticket: Int, _ answer: NodeAnswer, at now: Instant) {
        guard let answered = dispatcher.answered(ticket, with: answer, at: now) else { return }
        let node = answered.target.text
        let before = proof.state
        proof.note(answered.secret)
        if before == .open, proof.state == .accepted { startAnew() }
        if before == .challenged, proof.state == .accepted { settler.isHeld = false }
        if case .confirmed(let job) = answered.resolution {
            observer.observe(.dataDeleted(job.uid, node: node, job.deletion.kind, elapsed: answer.elapsed))
        }
        conclude(answered.resolution, node: node, at: now)
        if case .shortage(let what) = answer.verdict { observer.observe(.machineShort(what)) }
        if let label = answer.label { observer.observe(.answered(node: node, answer: label)) }
        if answer.verdict.isError {
            observer.observe(.errorAnswered(answered.uid, node: node, answer.verdict))
        }
        if let change = answered.change {
            noteChange(change, node: node, problem: answer.verdict.problem)
        }
        for other in answered.others { conclude(other, node: node, at: now) }
        if proof.speaksAgainst, !someNodeIsLeftToAsk {
            stop(.secretRefused)
        }
    }

    /// What became of a record that was on its way to its node.
    mutating func conclude(_ resolution: NodeDispatcher.Resolution, node: String, at now: Instant) {
        switch resolution {
        case .continuing:
            break
        case .confirmed(let job):
            trail.note(job)
            summary.dataDeleted += 1
            if job.deletion.kind == .force, planner.policy.effectiveOverride != nil {
                observer.observe(.deletionRedirected)
            }
            settle(job.entry, .delete, .deletion(job.deletion.kind), at: now)
        case .held(let job, let reason, let until):
            trail.note(job)
            hold(job.uid, job.entry.record.nodeID, reason, until: until)
            trail.conclude(job.uid, reason: reason.rawValue, until: until)
            ended(job.uid)
        case .failed(let job, let reason):
            trail.note(job)
            trail.conclude(job.uid, reason: reason.rawValue)
            fail(job.entry, reason, at: now)
        case .skipped(let job, let failure):
            trail.note(job)
            trail.conclude(
                job.uid,
                reason: failure?.rawValue ?? (stopReason == nil ? AuditTrail.nodeLeft : AuditTrail.stopped)
            )
            let isAbandoned = dispatcher.isLeftForRun(job.deletion.target)
            skip([job.uid], node: node, because: failure?.rawValue)
            if isAbandoned, stopReason == nil {
                skipped.add((job.uid, job.entry.planned), of: job.deletion.target.storage)
            }
        case .short(let job):
            trail.note(job)
            trail.conclude(job.uid, reason: stopReason == nil ? AuditTrail.machineShort : AuditTrail.stopped)
            ended(job.uid)
            if stopReason == nil {
                summary.skipped += 1
                summary.short += 1
            }
        case .expired(let job):
            trail.note(job)
            if stopReason == nil {
                rereads.add(job.uid, .job(job))
            } else {
                dispatcher.rereadDropped(job, from: job.deletion.target)
                trail.conclude(job.uid, reason: AuditTrail.stopped)
                inProgress.remove(job.uid)
            }
        }
    }

    mutating func hold(_ uid: UID, _ node: NodeID, _ reason: HoldReason, until: Timestamp? = nil) {
        summary.held[reason, default: 0] += 1
        troubles.noteKept(on: node)
        if let until {
            let known = summary.holdsEnd ?? until...until
            summary.holdsEnd = min(known.lowerBound, until)...max(known.upperBound, until)
        }
        observer.observe(.recordHeld(uid, node, reason, until: until))
    }

    mutating func fail(_ entry: BacklogEntry, _ reason: FailureReason, at now: Instant) {
        summary.failed[reason, default: 0] += 1
        observer.observe(.recordFailed(entry.record.uid, entry.record.nodeID, reason))
        switch options.onFailure {
        // Nothing was sent, and its age would be lost.
        case _ where reason == .malformed:
            troubles.noteKept(on: entry.record.nodeID)
            ended(entry.record.uid)
        case .defer:
            inProgress.insert(entry.record.uid)
            settle(entry, .postpone(from: entry.replacedAt), .postponement(reason), at: now)
        case .leave:
            troubles.noteKept(on: entry.record.nodeID)
            ended(entry.record.uid)
        }
    }

    /// Records whose node is in trouble stay exactly as they are. When the run was told to stop, what it didn't get to
    /// is nobody's trouble and counts as nothing.
    mutating func skip(_ uids: [UID], node: String, because reason: String?) {
        for uid in uids {
            trail.conclude(uid, reason: AuditTrail.nodeLeft)
            ended(uid)
        }
        if stopReason != nil || uids.isEmpty { return }
        summary.skipped += uids.count
        troubles.noteSkipped(on: node, because: reason)
    }

    /// - Parameter problem: what the node answered last, in words, if that brought it about.
    mutating func noteChange(_ change: NodeGate.Change, node: String, problem: String? = nil) {
        troubles.note(change, of: node, problem: problem)
        observer.observe(.nodeChanged(node: node, change, problem: troubles.problem(of: node)))
    }

    /// Whether some node could still accept the secret in this run.
    private var someNodeIsLeftToAsk: Bool {
        directory.places.values.contains { place in
            guard let target = place.target else { return false }
            if place.node.isDowned, !planner.policy.forcesDownedNodes { return false }
            return dispatcher.mayStillAccept(target)
        }
    }
}
