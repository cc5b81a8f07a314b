/// What is to be written about one record, once its outcome is known.
package struct Settlement: Sendable, Equatable {
    package enum Change: Sendable, Equatable {
        /// Delete the record; its node confirmed that the data is gone, or the data is another record's.
        case delete
        /// Delete the record, whose node has no row in `nodes`; it is checked again that it has none.
        case deleteNodeless
        /// Move `replaced_at` from the value that was read to now, which puts the record behind the others.
        case postpone(from: Timestamp)
    }

    package let uid: UID
    /// With the time of creation and the uid, what the record is found by where Tokenserver looks.
    package let email: AccountEmail
    package let createdAt: Timestamp
    package let nodeID: NodeID
    package let change: Change
    /// What needs no node's word is not to be written after this moment, as the decision behind it is too old then
    /// (law 3); nil for no such limit.
    package let notAfter: ContinuousClock.Instant?

    package init(_ record: UserRecord, _ change: Change, notAfter: ContinuousClock.Instant? = nil) {
        uid = record.uid
        email = record.email
        createdAt = record.createdAt
        nodeID = record.nodeID
        self.change = change
        self.notAfter = notAfter
    }

    /// Whether it is too late to write this.
    package func isStale(at now: ContinuousClock.Instant) -> Bool { notAfter.map { $0 < now } ?? false }
}

/// What became of a settlement.
package enum SettlementResult: Sendable, Equatable {
    /// Written as asked.
    case done
    /// The record was no longer there: another copy of the program settled it first.
    case gone
    /// The record was not any more what was decided on (active, other node, replaced later): left alone.
    case changed
    /// Not written: its ``Settlement/notAfter`` had passed.
    case stale
    /// Not written: another transaction holds the record. Later it may be written.
    case locked
    /// Not written: the database refused to, in these words; others of the batch are not concerned.
    case refused(String)
    /// Not tried: the database refused too many before it, one after the other, or was lost.
    case untried
    /// Whether it is written is not known: the database was lost, in these words, after others of the batch were written.
    case unknown(String)
}
