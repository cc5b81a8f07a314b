/// What came of an intent: by the node's word about the data, by the database's about the record.
package struct AuditOutcome: Sendable, Equatable {
    /// What is known of the record's data.
    package enum DataFate: String, Sendable, CaseIterable {
        /// Its node confirmed the deletion, under every key.
        case deleted
        /// It has none of its own: its node is gone, or the data is an active record's.
        case notOwn = "not_own"
        /// Some request may have been carried out, or was for a part, but not all of it is confirmed.
        case unknown
        /// It can't be addressed, and stays where it is.
        case unaddressable
        /// No request was sent, or the node surely deleted nothing.
        case kept
    }

    package enum RecordFate: String, Sendable, CaseIterable {
        case deleted
        /// Somebody else had deleted it.
        case gone
        /// It was not any more what was decided on, and was left alone.
        case changed
        /// Whether the deletion was written is not known, as the database failed meanwhile.
        case unknown
        case kept
    }

    package let intent: AuditIntent
    package let data: DataFate
    package let record: RecordFate
    /// Why it was held, failed or left, if so: a ``HoldReason``'s or ``FailureReason``'s word.
    package let reason: String?
    /// When the hold ends by itself, if it does.
    package let until: Timestamp?
    package let exchange: ExchangeTrace

    package init(
        intent: AuditIntent,
        data: DataFate,
        record: RecordFate,
        reason: String?,
        until: Timestamp? = nil,
        exchange: ExchangeTrace
    ) {
        self.intent = intent
        self.data = data
        self.record = record
        self.reason = reason
        self.until = until
        self.exchange = exchange
    }
}
