import SyncTokens

/// From answers to settlements.
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
        if answer.verdict.failure != nil {
            observer.observe(.errorAnswered(answered.uid, node: node, answer.verdict))
        }
        if let change = answered.change {
            noteChange(change, node: node)
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
        case .left(let job, let failure):
            trail.note(job)
            trail.conclude(job.uid, reason: failure?.rawValue ?? AuditTrail.stopped)
            leftUntouched([job.uid], node: node, because: failure?.rawValue)
        case .short(let job):
            trail.note(job)
            trail.conclude(job.uid, reason: stopReason == nil ? AuditTrail.machineShort : AuditTrail.stopped)
            ended(job.uid)
            if stopReason == nil {
                summary.untouched += 1
                summary.short += 1
            }
        case .expired(let job):
            trail.note(job)
            if stopReason == nil {
                toReread[job.uid] = .job(job)
            } else {
                dispatcher.rereadDropped(job, from: job.deletion.target)
                trail.conclude(job.uid, reason: AuditTrail.stopped)
                underway.remove(job.uid)
            }
        }
    }

    mutating func settled(_ batch: [Settler.Item], _ result: Result<[SettlementResult], any Error>, at now: Instant) {
        settler.batchWritten()
        switch result {
        case .failure(let error):
            for item in batch where item.meaning.isPostponement {
                observer.observe(.deferralFailed(item.settlement.uid))
            }
            for item in batch {
                trail.conclude(item.settlement.uid, isConfirmed: true, record: .unknown)
            }
            discardUnwritten()
            stop(reason(of: error))
        case .success(let results):
            for (item, result) in zip(batch, results) {
                record(result, of: item, at: now)
            }
            if let text = results.compactMap(\.loss).last {
                discardUnwritten()
                stop(.storeFailed(text))
            }
            if databaseRefusals >= Self.mostDatabaseRefusals, let text = results.compactMap(\.refusal).last {
                discardUnwritten()
                stop(.storeFailed("the database refused \(databaseRefusals) records in a row: \(text)"))
            }
            observer.observe(
                .progressed(done: summary.deletedTotal, held: summary.heldTotal, failed: summary.failedTotal)
            )
        }
    }

    /// Nothing more can be written: what was confirmed is confirmed again by the next run.
    private mutating func discardUnwritten() {
        for item in settler.unwritten {
            trail.conclude(item.settlement.uid, isConfirmed: true, record: .kept)
            underway.remove(item.settlement.uid)
        }
        settler.discard()
    }

    mutating func settle(
        _ entry: BacklogEntry,
        _ change: Settlement.Change,
        _ meaning: Settler.Item.Meaning,
        at now: Instant
    ) {
        let settlement = Settlement(entry.record, change)
        settler.add(Settler.Item(settlement: settlement, meaning: meaning), now: now)
    }

    mutating func hold(_ uid: UID, _ node: NodeID, _ reason: HoldReason, until: Milliseconds? = nil) {
        summary.held[reason, default: 0] += 1
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
        case .defer:
            underway.insert(entry.record.uid)
            settle(entry, .postpone(from: entry.replacedAt), .postponement(reason), at: now)
        case .leave:
            ended(entry.record.uid)
        }
    }

    private mutating func record(_ result: SettlementResult, of item: Settler.Item, at now: Instant) {
        let uid = item.settlement.uid
        if result == .stale, stopReason == nil {
            toReread[uid] = .decision(planned: item.planned)
            return
        }
        if result == .locked, stopReason == nil, settler.delay(item, now: now) { return }
        defer { ended(uid) }
        if result == .done { databaseRefusals = 0 }
        if let text = result.refusal {
            databaseRefusals += 1
            observer.observe(.databaseRefused(uid, item.settlement.nodeID, text))
        }
        if let reason = result.failure, item.meaning.isDeletion {
            trail.conclude(uid, isConfirmed: true, record: .kept, reason: reason.rawValue)
            summary.failed[reason, default: 0] += 1
            observer.observe(.recordFailed(uid, item.settlement.nodeID, reason))
            return
        }
        if !item.meaning.isPostponement {
            trail.conclude(uid, isConfirmed: true, record: AuditOutcome.RecordFate(result))
        }
        switch (result, item.meaning) {
        case (.done, .deletion(let kind)):
            summary.deleted[kind, default: 0] += 1
            observer.observe(.recordDeleted(uid, item.settlement.nodeID, kind))
        case (.done, .postponement):
            summary.deferred += 1
        case (.gone, .deletion):
            summary.gone += 1
        case (.changed, .deletion):
            summary.changed += 1
            observer.observe(.recordChanged(uid))
        case (.gone, .postponement), (.changed, .postponement), (.locked, .postponement), (.refused, .postponement),
            (.untried, .postponement), (.unknown, .postponement):
            observer.observe(.deferralFailed(uid))
        case (.stale, _):
            // The run ends; the next one decides anew.
            break
        case (.untried, .deletion), (.unknown, .deletion), (.locked, .deletion), (.refused, .deletion):
            // The first two are for the next run; the others have failed above.
            break
        }
    }

    /// Records whose node is in trouble stay exactly as they are. When the run was told to stop, what it didn't get to
    /// is nobody's trouble and counts as nothing.
    mutating func leftUntouched(_ uids: [UID], node: String, because reason: String?) {
        for uid in uids {
            trail.conclude(uid, reason: AuditTrail.nodeLeft)
            ended(uid)
        }
        if stopReason != nil || uids.isEmpty { return }
        summary.untouched += uids.count
        nodesWithUntouched.insert(node)
        if let reason, troubled[node] == nil {
            troubled[node] = reason
        }
    }

    private mutating func noteChange(_ change: NodeGate.Change, node: String) {
        switch change {
        case .recovered: troubled[node] = nodesWithUntouched.contains(node) ? troubled[node] : nil
        case .cutOff(let reason, _), .left(let reason): troubled[node] = reason.rawValue
        }
        observer.observe(.nodeChanged(node: node, change))
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

extension SettlementResult {
    /// The database's words, if it refused.
    fileprivate var refusal: String? {
        if case .refused(let text) = self { text } else { nil }
    }

    /// How the database was lost.
    fileprivate var loss: String? {
        if case .unknown(let text) = self { text } else { nil }
    }

    /// Whether it leaves a record whose data is gone.
    fileprivate var failure: FailureReason? {
        switch self {
        case .locked: .recordLocked
        case .refused: .databaseRefused
        case .done, .gone, .changed, .stale, .untried, .unknown: nil
        }
    }
}

extension Settler.Item.Meaning {
    var isDeletion: Bool { !isPostponement }

    fileprivate var isPostponement: Bool {
        if case .postponement = self { true } else { false }
    }
}
