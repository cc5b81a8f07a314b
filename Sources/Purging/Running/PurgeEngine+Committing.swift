import SyncTokens

/// From confirmed outcomes to the database, and what it made of them.
extension PurgeEngine {
    mutating func settle(
        _ entry: BacklogEntry,
        _ change: Settlement.Change,
        _ meaning: Settler.Item.Meaning,
        at now: Instant
    ) {
        let settlement = Settlement(entry.record, change)
        settler.add(Settler.Item(settlement: settlement, meaning: meaning), now: now)
    }

    mutating func settled(_ batch: [Settler.Item], _ result: Result<[SettlementResult], any Error>, at now: Instant) {
        settler.batchWritten(at: now)
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
            inProgress.remove(item.settlement.uid)
        }
        settler.discard()
    }

    private mutating func record(_ result: SettlementResult, of item: Settler.Item, at now: Instant) {
        let uid = item.settlement.uid
        if result == .stale, stopReason == nil {
            rereads.add(uid, .decision(planned: item.planned))
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
            troubles.noteKept(on: item.settlement.nodeID)
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
