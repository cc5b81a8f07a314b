import SyncTokens

/// From pages to decisions.
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
            // The sweep that proves the secret is done anew, and what this run settled itself didn't change.
            for missing in reading.content.changed
            where !proof.isOpen && sweep.includes(missing.key, of: missing.node)
                && !proof.sent.contains(missing.uid)
            {
                changedSincePlan(missing.uid)
            }
            pending.append(contentsOf: entries.map { ($0, reading.directory, reading.readAt) })
            do {
                try sweep.advance(to: reading.content.examinedUpTo)
            } catch {
                stop(.loopDetected)
            }
        }
    }

    mutating func reread(_ result: Result<BacklogReader.Reading<[BacklogEntry]>, any Error>, at now: Instant) {
        let asked = rereading
        rereading = [:]
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
        for (uid, why) in asked.sorted(by: { $0.key < $1.key }) {
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
            underway.remove(uid)
            if carryOut(action, entry.planned(as: why.planned), in: directory, readAt: readAt, mayWait: false, at: now)
            {
                resumeTombstones(after: uid)
            }
        }
    }

    /// Decides on what was read, in order and by what was read with it, as far as the nodes and the database have room.
    mutating func decidePending(at now: Instant) {
        while stopReason == nil, settler.hasRoom, trail.waitingCount < Self.mostWaiting,
            let (entry, directory, readAt) = pending.first
        {
            let uid = entry.record.uid
            if sweep.includes(entry.key, of: entry.record.nodeID), !proof.sent.contains(uid), !underway.contains(uid),
                !hadItsTurn(entry)
            {
                let action = planner.action(for: entry, in: directory)
                if let planned = entry.planned, !planned.allows(action, of: entry) {
                    if !proof.isOpen { changedSincePlan(uid) }
                } else if proof.isOpen {
                    sendForProof(action, entry, in: directory, readAt: readAt, at: now)
                } else {
                    if !carryOut(action, entry, in: directory, readAt: readAt, mayWait: true, at: now) { return }
                    if sweep.includes(entry.key, of: entry.record.nodeID) {
                        summary.read += 1
                    }
                }
            }
            if !pending.isEmpty {
                pending.removeFirst()
            }
        }
    }

    /// Whether the record belonged to the sweeps over deleted accounts, which are over: a tombstone that is left tells.
    private func hadItsTurn(_ entry: BacklogEntry) -> Bool {
        options.order == .deletedFirst && accounts == .all && entry.cause == .deletedAccount
    }

    /// Until the secret is proved, only requests are of use; everything else is decided on once the sweep starts anew.
    private mutating func sendForProof(
        _ action: PurgeAction,
        _ entry: BacklogEntry,
        in directory: NodeDirectory,
        readAt: Instant,
        at now: Instant
    ) {
        if case .deleteRecord = action { proof.withheld += 1 }
        guard case .purge(let deletion) = action, !dispatcher.isLeftForRun(deletion.target) else { return }
        if dispatcher.isFull(deletion.target) {
            for node in directory.nodes(at: deletion.target) where sweep.covers(node) {
                sweep.passOver(node, from: entry.key)
            }
            return
        }
        summary.read += 1
        proof.noteSent(entry.record.uid)
        _ = carryOut(action, entry, in: directory, readAt: readAt, mayWait: false, at: now)
        if proof.hasSentEnough { stop(.secretUnproven) }
    }

    /// - Parameter mayWait: whether the record can be left at the head of the queue, or passed over.
    /// - Returns: false if it has to wait.
    private mutating func carryOut(
        _ action: PurgeAction,
        _ entry: BacklogEntry,
        in directory: NodeDirectory,
        readAt: Instant,
        mayWait: Bool,
        at now: Instant
    ) -> Bool {
        let (uid, node) = (entry.record.uid, entry.record.nodeID)
        switch action {
        case .purge(let deletion):
            if dispatcher.isLeftForRun(deletion.target) {
                leftUntouched([uid], node: deletion.target.text, because: nil)
                return true
            }
            if mayWait, dispatcher.isFull(deletion.target) {
                return passOver(deletion.target, from: entry.key, at: now)
            }
            if proof.state == .unchallenged {
                proof.challenge()
                settler.isHeld = true
            }
            underway.insert(uid)
            accept(Job(entry: entry, deletion: deletion, readAt: readAt))
        case .deleteRecord(let kind):
            underway.insert(uid)
            accept(entry, kind == .nodeless ? .deleteNodeless : .delete, kind, readAt: readAt, at: now)
        case .hold(let reason):
            if directory[node]?.keying == .unknown { summary.heldOnUnknownStorage += 1 }
            hold(uid, node, reason)
        case .wait(.tombstoneLast):
            if park(entry) { return true }
            if mayWait {
                // Its account's other records may have gone since it was read: it is looked at again before it is left.
                toReread[uid] = .decision(planned: entry.planned)
            } else {
                summary.waiting[.tombstoneLast, default: 0] += 1
            }
        case .wait(.nodeDown):
            summary.waiting[.nodeDown, default: 0] += 1
        case .fail(let reason):
            reportMalformed(entry.record, reason)
            fail(entry, reason, at: now)
        }
        return true
    }

    /// The record's node has enough to do. If another node could do more, the full one's records are left for a later
    /// sweep; else the reader waits.
    private mutating func passOver(_ target: ServiceURL, from key: BacklogKey, at now: Instant) -> Bool {
        func isCovered(_ node: NodeID) -> Bool {
            sweep.covers(node) && (planner.policy.forcesDownedNodes || directory[node]?.node.isDowned == false)
        }
        let someoneIsHungry = dispatcher.someoneIsHungry(besides: target, at: now) { other in
            // One that could join the next sweep counts as well.
            directory.nodes(at: other).contains { isCovered($0) || (sweep.isWaiting($0) && canTakeAgain($0)) }
        }
        guard someoneIsHungry, sweep.canPassOver else { return false }
        for node in directory.nodes(at: target) where isCovered(node) {
            sweep.passOver(node, from: key)
        }
        return true
    }

    /// Keeps a tombstone until its account's other records, which are under way, are settled.
    private mutating func park(_ entry: BacklogEntry) -> Bool {
        let siblings = entry.users.joined().map(\.uid).filter { $0 != entry.record.uid && underway.contains($0) }
        if siblings.isEmpty { return false }
        parkedCount[entry.record.uid] = siblings.count
        for sibling in siblings {
            parked[sibling, default: []].append(entry.record.uid)
        }
        return true
    }

    /// A record is no longer under way.
    mutating func ended(_ uid: UID) {
        underway.remove(uid)
        resumeTombstones(after: uid)
    }

    private mutating func resumeTombstones(after uid: UID) {
        if underway.contains(uid) { return }
        for tombstone in parked.removeValue(forKey: uid) ?? [] {
            let left = (parkedCount[tombstone] ?? 1) - 1
            parkedCount[tombstone] = left > 0 ? left : nil
            if left <= 0 {
                toReread[tombstone] = .decision()
            }
        }
    }

    /// What the plan names is not what would be done now, so it is left alone.
    private mutating func changedSincePlan(_ uid: UID) {
        summary.changedSincePlan += 1
        observer.observe(.recordChanged(uid))
    }

    private mutating func drop(_ why: Rereading) {
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
        staleRereads = readAt + options.dispatcher.freshness < now ? staleRereads + 1 : 0
        if staleRereads >= Self.mostStaleRereads {
            let limit = options.dispatcher.freshness.inSeconds
            stop(.storeFailed("the database takes more than \(limit) s to read a record, too long to decide safely"))
        }
    }

    private mutating func reportMalformed(_ record: UserRecord, _ reason: FailureReason) {
        if let problem = directory[record.nodeID]?.problem {
            if reportedMalformed.insert(record.nodeID).inserted {
                observer.observe(.nodeMalformed(record.nodeID, problem: problem))
            }
        }
    }

    func reason(of error: any Error) -> StopReason {
        if let error = error as? ImplausibleNodes { return .nodesImplausible(error.description) }
        if let error = error as? PlanFailure { return .planFailed(error.description) }
        if let error = error as? ShardLost { return .shardLost(error.description) }
        return .storeFailed(String(describing: error))
    }
}
