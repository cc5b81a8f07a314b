import SyncTokens

/// Nothing is sent, and no record deleted, before the audit log has it.
extension PurgeEngine {
    /// Decisions that wait for their intents; more pages wait then.
    static let mostWaiting = 1000

    /// The record's data is to be deleted.
    mutating func accept(_ job: Job) {
        guard trail.isOn else { return dispatcher.enqueue(job) }
        dispatcher.expect(job.deletion.target)
        trail.intend(AuditIntent(job.entry, job.deletion), then: .send(job))
    }

    /// The record is to be deleted, without a request.
    mutating func accept(
        _ entry: BacklogEntry,
        _ change: Settlement.Change,
        _ kind: DeletionKind,
        readAt: Instant,
        at now: Instant
    ) {
        let settlement = Settlement(entry.record, change, notAfter: readAt + options.dispatcher.decisionLife)
        let item = Settler.Item(settlement: settlement, meaning: .deletion(kind), planned: entry.planned)
        guard trail.isOn else { return settler.add(item, now: now) }
        trail.intend(AuditIntent(entry, kind), then: .settle(item))
    }

    mutating func audited(_ result: Result<Void, any Error>, at now: Instant) {
        if case .failure(let error) = result {
            for case .send(let job) in trail.failed() { dispatcher.withdraw(job.deletion.target) }
            return stop(.auditFailed(String(describing: error)))
        }
        for step in trail.written() {
            switch step {
            case .send(let job):
                dispatcher.withdraw(job.deletion.target)
                if stopReason != nil {
                    trail.conclude(job.uid, reason: AuditTrail.stopped)
                    inProgress.remove(job.uid)
                } else if dispatcher.isLeftForRun(job.deletion.target) {
                    dispatcher.giveBack(job)
                    skip([job.uid], node: job.deletion.target.text, because: nil)
                    skipped.add((job.uid, job.entry.planned), of: job.deletion.target.storage)
                } else {
                    dispatcher.enqueue(job)
                }
            case .settle(let item):
                if stopReason != nil {
                    trail.conclude(item.settlement.uid, reason: AuditTrail.stopped)
                    inProgress.remove(item.settlement.uid)
                } else {
                    settler.add(item, now: now)
                }
            }
        }
    }

    /// Forgets decisions whose intents are not written.
    mutating func dropWaiting() {
        for step in trail.dropWaiting() {
            switch step {
            case .send(let job):
                dispatcher.withdraw(job.deletion.target)
                dispatcher.giveBack(job)
                forget(job.uid)
            case .settle(let item): inProgress.remove(item.settlement.uid)
            }
        }
    }

    /// A record that was accepted, and not tried yet, comes again in its turn.
    mutating func forget(_ uid: UID) {
        inProgress.remove(uid)
        if proof.forget(uid) { summary.read -= 1 }
    }

}

extension AuditTrail {
    /// Words for outcomes that are neither a node's nor the record's failure.
    static let stopped = "run_ended"
    static let nodeLeft = "node_in_trouble"
    static let machineShort = "machine_short"
    static let decidedAnew = "decided_anew"

    static func stopped(_ reason: StopReason?) -> String? { reason == nil ? nil : stopped }
}

extension AuditOutcome.RecordFate {
    init(_ result: SettlementResult) {
        switch result {
        case .done: self = .deleted
        case .gone: self = .gone
        case .changed: self = .changed
        case .stale, .locked, .refused, .untried: self = .kept
        case .unknown: self = .unknown
        }
    }
}
