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
        at now: Instant
    ) {
        guard trail.isOn else { return settle(entry, change, .deletion(kind), at: now) }
        trail.intend(AuditIntent(entry, kind), then: .settle(entry, change, kind))
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
                    underway.remove(job.uid)
                } else if dispatcher.isLeftForRun(job.deletion.target) {
                    dispatcher.giveBack(job)
                    leftUntouched([job.uid], node: job.deletion.target.text, because: nil)
                } else {
                    dispatcher.enqueue(job)
                }
            case .settle(let entry, let change, let kind):
                if stopReason != nil {
                    trail.conclude(entry.record.uid, reason: AuditTrail.stopped)
                    underway.remove(entry.record.uid)
                } else {
                    settle(entry, change, .deletion(kind), at: now)
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
            case .settle(let entry, _, _): underway.remove(entry.record.uid)
            }
        }
    }

    /// A record that was accepted, and not tried yet, comes again in its turn.
    mutating func forget(_ uid: UID) {
        underway.remove(uid)
        if sentForProof.remove(uid) != nil { summary.read -= 1 }
    }

    mutating func note(_ answered: NodeDispatcher.Answered) {
        switch answered.resolution {
        case .continuing: break
        case .confirmed(let job), .held(let job, _), .failed(let job, _), .left(let job, _): trail.note(job)
        }
        answered.released.forEach { trail.note($0) }
    }
}

extension AuditTrail {
    /// Words for outcomes that are neither a node's nor the record's failure.
    static let stopped = "run_ended"
    static let nodeLeft = "node_in_trouble"
    static let decidedAnew = "decided_anew"

    static func stopped(_ reason: StopReason?) -> String? { reason == nil ? nil : stopped }
}

extension AuditOutcome.RecordFate {
    init(_ result: SettlementResult) {
        switch result {
        case .done: self = .deleted
        case .gone: self = .gone
        case .changed: self = .changed
        }
    }
}
