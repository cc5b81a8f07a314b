import SyncTokens

/// Nodes that were abandoned and are taken up again, and those that must not keep the run open.
extension PurgeEngine {
    /// Once in a while an abandoned node is probed again, as long as there is something else to do; and where there isn't, no
    /// node is waited for longer than ``RunOptions/longestWait``.
    mutating func keepUp(at now: Instant) {
        if isPaused { return }
        if dispatcher.isBusy { dispatcher.takeUpDue(at: now) }
        takeUpSkipped()
        if let end = endOfWaiting, end <= now { giveUpWaiting(at: now) }
    }

    /// What was skipped on a node that may be asked again is read again: one record where it is still to be probed.
    private mutating func takeUpSkipped() {
        if skipped.isEmpty || !rereads.isIdle { return }
        for node in skipped.nodes {
            guard let target = dispatcher.target(of: node), !dispatcher.isLeftForRun(target) else { continue }
            let most =
                dispatcher.isCircuitOpen(target)
                ? (dispatcher.isIdle(target) ? 1 : 0) : (dispatcher.hasRoomAgain(target) ? mostTakenUp : 0)
            for (uid, planned) in skipped.take(of: node, most: most) {
                summary.skipped -= 1
                troubles.noteTakenUp(on: target.text)
                inProgress.insert(uid)
                rereads.add(uid, .decision(planned: planned))
            }
        }
    }

    /// So many of them are read again at once.
    private var mostTakenUp: Int { options.settler.batchSize }

    /// A node was abandoned: what is read of it from here on is left for a later pass, in case it is taken up again.
    ///
    /// - Returns: false if that can't be remembered.
    mutating func leaveOutAbandoned(_ target: ServiceURL, from key: BacklogKey) -> Bool {
        guard pass.canLeaveOut else { return false }
        for node in directory.nodes(at: target) where pass.covers(node) { pass.leaveOut(node, from: key) }
        return true
    }

    /// What the run waits for, where nothing but time brings it on.
    func waits(at now: Instant) -> [NodeWait] {
        if stopReason != nil || isPaused || isReading || !rereads.isIdle || !settler.isEmpty { return [] }
        return dispatcher.waits(at: now)
    }

    /// When the nodes that the run waits for are left to a later run.
    var endOfWaiting: Instant? {
        guard let waitingSince, let longest = options.longestWait else { return nil }
        return waitingSince + longest
    }

    /// Called when there is nothing to be done at once.
    mutating func noteWaiting(at now: Instant) {
        waitingSince = options.longestWait == nil || waits(at: now).isEmpty ? nil : waitingSince ?? now
    }

    private mutating func giveUpWaiting(at now: Instant) {
        waitingSince = nil
        if waits(at: now).isEmpty { return }
        for (target, change, jobs) in dispatcher.abandonWaiting(at: now) {
            if let change { noteChange(change, node: target.text) }
            for job in jobs { conclude(.skipped(job, nil), node: target.text, at: now) }
        }
    }
}
