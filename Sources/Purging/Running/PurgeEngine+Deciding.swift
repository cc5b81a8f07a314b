import SyncTokens

/// From records to decisions, and what is done about them.
extension PurgeEngine {
    /// Decides on what was read, in order and by what was read with it, as far as the nodes and the database have room.
    mutating func decidePending(at now: Instant) {
        while stopReason == nil, settler.hasRoom, trail.waitingCount < Self.mostWaiting,
            let (entry, directory, readAt) = pending.first
        {
            let uid = entry.record.uid
            if pass.includes(entry.key, of: entry.record.nodeID), !proof.sent.contains(uid), !inProgress.contains(uid),
                !hadItsTurn(entry)
            {
                let action = planner.action(for: entry, in: directory)
                if let planned = entry.planned, !planned.allows(action, of: entry) {
                    if !proof.isOpen { changedSincePlan(uid) }
                } else if proof.isOpen {
                    sendForProof(action, entry, in: directory, readAt: readAt, at: now)
                } else {
                    if !carryOut(action, entry, in: directory, readAt: readAt, mayWait: true, at: now) { return }
                    if pass.includes(entry.key, of: entry.record.nodeID) {
                        summary.read += 1
                    }
                }
            }
            if !pending.isEmpty {
                pending.removeFirst()
            }
        }
    }

    /// Whether the record belonged to the passes over deleted accounts, which are over: a tombstone that is left tells.
    private func hadItsTurn(_ entry: BacklogEntry) -> Bool {
        options.order == .deletedFirst && accounts == .all && entry.cause == .deletedAccount
            && !(leftOfDeleted[entry.record.nodeID]?.contains(entry.key) ?? false)
    }

    /// Until the secret is proved, only requests are of use; everything else is decided on once the pass starts anew.
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
            for node in directory.nodes(at: deletion.target) where pass.covers(node) {
                pass.leaveOut(node, from: entry.key)
            }
            return
        }
        summary.read += 1
        proof.noteSent(entry.record.uid)
        _ = carryOut(action, entry, in: directory, readAt: readAt, mayWait: false, at: now)
        if proof.hasSentEnough { stop(.secretUnproven) }
    }

    /// - Parameter mayWait: whether the record can be left at the head of the queue, or left out.
    /// - Returns: false if it has to wait.
    mutating func carryOut(
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
                if mayWait, leaveOutAbandoned(deletion.target, from: entry.key) { return true }
                skip([uid], node: deletion.target.text, because: nil)
                if stopReason == nil { skipped.add((uid, entry.planned), of: deletion.target.storage) }
                return true
            }
            if mayWait, dispatcher.isFull(deletion.target) {
                return leaveOut(deletion.target, from: entry.key, at: now)
            }
            if proof.state == .unchallenged {
                proof.challenge()
                settler.isHeld = true
            }
            inProgress.insert(uid)
            accept(Job(entry: entry, deletion: deletion, readAt: readAt))
        case .deleteRecord(let kind):
            inProgress.insert(uid)
            accept(entry, kind == .nodeless ? .deleteNodeless : .delete, kind, readAt: readAt, at: now)
        case .hold(let reason):
            if directory[node]?.keying == .unknown { summary.heldOnUnknownStorage += 1 }
            hold(uid, node, reason)
        case .wait(.tombstoneLast):
            if park(entry) { return true }
            if mayWait {
                // Its account's other records may have gone since it was read: it is looked at again before it is left.
                rereads.add(uid, .decision(planned: entry.planned))
            } else if !tombstones.lookLater(uid, planned: entry.planned) {
                summary.waiting[.tombstoneLast, default: 0] += 1
                troubles.noteKept(on: node)
            }
        case .wait(.nodeDown):
            summary.waiting[.nodeDown, default: 0] += 1
        case .fail(let reason):
            reportMalformed(entry.record, in: directory)
            fail(entry, reason, at: now)
        }
        return true
    }

    /// The record's node has enough to do. If another node could do more, the full one's records are left for a later
    /// pass; else the reader waits.
    private mutating func leaveOut(_ target: ServiceURL, from key: BacklogKey, at now: Instant) -> Bool {
        func isCovered(_ node: NodeID) -> Bool {
            pass.covers(node) && (planner.policy.forcesDownedNodes || directory[node]?.node.isDowned == false)
        }
        let someoneIsHungry = dispatcher.someoneIsHungry(besides: target, at: now) { other in
            // One that could join the next pass counts as well.
            directory.nodes(at: other).contains { isCovered($0) || (pass.isWaiting($0) && canTakeAgain($0)) }
        }
        guard someoneIsHungry, pass.canLeaveOut else { return false }
        for node in directory.nodes(at: target) where isCovered(node) {
            pass.leaveOut(node, from: key)
        }
        return true
    }

    /// Keeps a tombstone until its account's other records, which are under way, are settled.
    private mutating func park(_ entry: BacklogEntry) -> Bool {
        let siblings = entry.users.joined().map(\.uid).filter { $0 != entry.record.uid && inProgress.contains($0) }
        return tombstones.add(entry.record.uid, waitingFor: siblings)
    }

    /// A record is no longer under way.
    mutating func ended(_ uid: UID) {
        inProgress.remove(uid)
        resumeTombstones(after: uid)
    }

    mutating func resumeTombstones(after uid: UID) {
        if inProgress.contains(uid) { return }
        for tombstone in tombstones.ended(uid) { rereads.add(tombstone, .decision()) }
    }

    /// What the plan names is not what would be done now, so it is left alone.
    mutating func changedSincePlan(_ uid: UID) {
        summary.changedSincePlan += 1
        observer.observe(.recordChanged(uid))
    }

    private mutating func reportMalformed(_ record: UserRecord, in directory: NodeDirectory) {
        if let problem = planner.problem(of: record) {
            observer.observe(.recordMalformed(record.uid, record.nodeID, problem: problem))
        } else if let problem = directory[record.nodeID]?.problem, reportedMalformed.insert(record.nodeID).inserted {
            observer.observe(.nodeMalformed(record.nodeID, problem: problem))
        }
    }
}
