import SyncTokens

/// From the state to what is to be done now.
extension PurgeEngine {
    /// Something to be done; each but `wake` is answered by exactly one event.
    enum Effect: Sendable {
        case send(NodeDispatcher.Dispatch)
        case read(BacklogQuery)
        case reread([UID], scope: BacklogScope)
        case settle([Settler.Item], cutoff: Timestamp)
        case audit(AuditTrail.Batch)
        /// Ask for effects again at this moment.
        case wake(at: Instant)
    }

    /// Something that happened.
    enum Event: Sendable {
        case answered(ticket: Int, NodeAnswer)
        case read(Result<BacklogReader.Reading<BacklogPage>, any Error>)
        case reread(Result<BacklogReader.Reading<[BacklogEntry]>, any Error>)
        case settled([Settler.Item], Result<[SettlementResult], any Error>)
        case audited(Result<Void, any Error>)
        case stopRequested
        /// `--max-runtime` is over.
        case timeIsUp
        /// By a node's answer to this request, this machine's clock is so far ahead, and the cutoff wrong.
        case clockContradicted(ticket: Int, ahead: Duration)
        /// Nothing new is to be sent for now; nil if it may be again.
        case paused(PauseReason?)
        /// The rate and the share of the nodes' limits that hold from now on.
        case limited(maxRate: Double?, share: Double)
        /// The run must end, as the database has too much to do.
        case loadCritical(String)
    }

    /// What is to be done now.
    mutating func nextEffects(at now: Instant) -> [Effect] {
        if stopReason != nil { settler.hurry(now: now) } else { keepUp(at: now) }
        var effects: [Effect] = []
        repeat {
            if !isPaused { effects += sendEffects(at: now) }
            effects += storeEffects(at: now)
        } while effects.isEmpty && !isPaused && isQuiescent(at: now) && resolveQuiescence(at: now)
        if isFinished { return effects }
        noteWaiting(at: now)
        let wakeTimes = [
            isPaused || !settler.allowsSending ? nil : dispatcher.wakeTime(at: now), settler.wakeTime, endOfWaiting,
        ]
        if let wake = wakeTimes.compactMap({ $0 }).min(),
            wakeScheduled.map({ wake < $0 || $0 <= now }) ?? true
        {
            wakeScheduled = wake
            effects.append(.wake(at: wake))
        }
        return effects
    }

    private mutating func sendEffects(at now: Instant) -> [Effect] {
        decidePending(at: now)
        guard settler.allowsSending else { return [] }
        let (send, stale) = dispatcher.next(at: now, most: settler.sendable)
        settler.noteSent(send.count)
        if dispatcher.hasTurnedAway, !hasReportedCrowding {
            hasReportedCrowding = true
            observer.observe(.requestsLimited(options.dispatcher.mostInFlight))
        }
        summary.requests += send.count
        for job in stale {
            rereads.add(job.uid, .job(job))
        }
        if dispatcher.hasSpentBudget, stopReason == nil {
            observer.observe(.limitReached)
            stop(.maxRecords)
        }
        return send.map(Effect.send)
    }

    private mutating func storeEffects(at now: Instant) -> [Effect] {
        var effects: [Effect] = []
        if !isPaused, let uids = rereads.begin() {
            effects.append(.reread(uids, scope: scope))
        }
        if !isPaused { startNextPassEarly() }
        if stopReason == nil, !isPaused, !isReading, !pass.isAtEnd, pending.count < options.pageSize,
            !proof.isOpen || (someNodeIsIdle && pass.canLeaveOut)
        {
            isReading = true
            effects.append(.read(nextQuery()))
        }
        let isIdle = dispatcher.inFlight == 0 && !isReading && (pending.isEmpty || isPaused) && !rereads.isReading
        if let batch = settler.batch(at: now, isIdle: isIdle) {
            effects.append(.settle(batch, cutoff: scope.cutoff))
        }
        if let batch = trail.batch() {
            effects.append(.audit(batch))
        }
        return effects
    }

    private mutating func nextQuery() -> BacklogQuery {
        for node in pass.leavingOut where canTakeAgain(node) {
            pass.takeAgain(node)
        }
        for node in Array(pass.waiting) where canTakeAgain(node) {
            pass.join(node)
        }
        if proof.isOpen {
            // Until the secret is proved, a little of each node is enough.
            for node in directory.places.keys where pass.covers(node) && !canTakeAgain(node) { pass.leaveOut(node) }
        }
        var excluded = planner.policy.forcesDownedNodes ? [] : directory.downed
        for (node, place) in directory.places where place.target.map(dispatcher.isLeftForRun) ?? false {
            excluded.insert(node)
            // In case it is taken up again.
            if pass.covers(node), pass.canLeaveOut { pass.leaveOut(node) }
        }
        return BacklogQuery(
            scope: scope,
            nodes: pass.filter(excluding: excluded),
            accounts: proof.needsAllAccounts ? .all : accounts,
            cursor: pass.cursor,
            bound: pass.bound,
            limit: options.pageSize
        )
    }

    func canTakeAgain(_ node: NodeID) -> Bool {
        guard let target = directory[node]?.target else { return true }
        if dispatcher.isLeftForRun(target) { return false }
        return proof.isOpen ? dispatcher.isIdle(target) : dispatcher.hasRoomAgain(target)
    }
}
