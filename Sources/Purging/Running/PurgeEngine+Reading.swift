import SyncTokens

/// From what was read to what is decided on: pages in the backlog's order, and records that are read again.
extension PurgeEngine {
    mutating func pageRead(_ result: Result<BacklogReader.Reading<BacklogPage>, any Error>, at now: Instant) {
        isReading = false
        switch result {
        case .failure(let error): stop(reason(of: error))
        case .success(let reading):
            learn(reading.directory, readAt: reading.readAt)
            if stopReason != nil { return }
            if discardsPage {
                discardsPage = false
                return
            }
            let entries = reading.content.entries
            observer.observe(.pageRead(records: entries.count))
            // The pass that proves the secret is done anew, and what this run settled itself didn't change.
            for missing in reading.content.changed
            where !proof.isOpen && pass.includes(missing.key, of: missing.node)
                && !proof.sent.contains(missing.uid)
            {
                // It was deleted before, perhaps by a run that carried out a part of the plan.
                if missing.isGone { summary.gone += 1 } else { changedSincePlan(missing.uid) }
            }
            pending.append(contentsOf: entries.map { ($0, reading.directory, reading.readAt) })
            do {
                try pass.advance(to: reading.content.examinedUpTo)
                // By the record: the places of a plan are numbers of its lines.
                if let place = entries.last?.replacedAt { reached = max(reached ?? place, place) }
            } catch {
                stop(.loopDetected)
            }
        }
    }

    mutating func reread(_ result: Result<BacklogReader.Reading<[BacklogEntry]>, any Error>, at now: Instant) {
        let asked = rereads.end()
        var entries: [UID: BacklogEntry] = [:]
        var directory = directory
        var readAt = now
        switch result {
        case .failure(let error): stop(reason(of: error))
        case .success(let reading):
            learn(reading.directory, readAt: reading.readAt)
            directory = reading.directory
            readAt = reading.readAt
            noteSlowness(readAt: readAt, at: now)
            entries = Dictionary(reading.content.map { ($0.record.uid, $0) }, uniquingKeysWith: { first, _ in first })
        }
        for (uid, why) in asked {
            if case .job(let job) = why { trail.note(job) }
            guard stopReason == nil, let entry = entries[uid] else {
                drop(why)
                trail.conclude(
                    uid,
                    record: stopReason == nil ? .changed : .kept,
                    reason: AuditTrail.stopped(stopReason)
                )
                if stopReason == nil {
                    summary.changed += 1
                    observer.observe(.recordChanged(uid))
                }
                ended(uid)
                continue
            }
            let action = planner.action(for: entry, in: directory)
            if let planned = why.planned, !planned.allows(action, of: entry) {
                drop(why)
                trail.conclude(uid, record: .changed, reason: AuditTrail.decidedAnew)
                changedSincePlan(uid)
                ended(uid)
                continue
            }
            if case .purge(let deletion) = action, case .job(var job) = why, !dispatcher.isLeftForRun(deletion.target) {
                let origin = job.deletion.target
                let isSame = deletion == job.deletion
                // Another target, other keys or another condition: what was confirmed so far says nothing about them.
                if !isSame {
                    job.confirmedKeys = 0
                    job.condition = nil
                }
                job.entry = entry.planned(as: why.planned)
                job.deletion = deletion
                job.readAt = readAt
                if isSame || !trail.isOn {
                    dispatcher.rereadKept(job, from: origin)
                } else {
                    dispatcher.rereadEnded(from: origin)
                    trail.conclude(uid, reason: AuditTrail.decidedAnew)
                    job.beginExchangeAnew()
                    accept(job)
                }
                continue
            }
            drop(why)
            trail.conclude(uid, reason: AuditTrail.decidedAnew)
            inProgress.remove(uid)
            if carryOut(action, entry.planned(as: why.planned), in: directory, readAt: readAt, mayWait: false, at: now)
            {
                resumeTombstones(after: uid)
            }
        }
    }

    private mutating func drop(_ why: Rereads.Reason) {
        if case .job(let job) = why {
            dispatcher.rereadDropped(job, from: job.deletion.target)
        }
    }

    /// The nodes were read anew, unless another reading overtook this one.
    private mutating func learn(_ directory: NodeDirectory, readAt: Instant) {
        if let directoryReadAt, readAt <= directoryReadAt { return }
        self.directory = directory
        directoryReadAt = readAt
        meetNodes()
    }

    /// What was read again and is too old on arrival would be read again for ever.
    private mutating func noteSlowness(readAt: Instant, at now: Instant) {
        if rereads.noteArrival(isStale: readAt + options.dispatcher.freshness < now) {
            let limit = options.dispatcher.freshness.inSeconds
            stop(.storeFailed("the database takes more than \(limit) s to read a record, too long to decide safely"))
        }
    }

    func reason(of error: any Error) -> StopReason {
        if let error = error as? ImplausibleNodes { return .nodesImplausible(error.description) }
        if let error = error as? PlanFailure { return .planFailed(error.description) }
        if let error = error as? ShardLost { return .shardLost(error.description) }
        return .storeFailed(String(describing: error))
    }
}
