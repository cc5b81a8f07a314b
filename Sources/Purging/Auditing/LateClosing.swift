/// Closing an intent whose process died before it could write an outcome.
extension AuditOutcome {
    /// The reason of such an outcome.
    package static let closedLater = "closed_later"

    /// What a later run can say: nothing of the node's answer, and of the record what the database has now.
    ///
    /// - Parameter standing: what the database has under the intent's uid; nil if there is no such record.
    package init(closing intent: AuditIntent, found standing: RecordStanding?) {
        self.init(
            intent: intent,
            data: intent.fateWithoutRequest ?? .unknown,
            record: standing.map { RecordFate(of: intent, found: $0) } ?? .gone,
            reason: Self.closedLater,
            exchange: ExchangeTrace()
        )
    }
}

extension AuditIntent {
    /// What becomes of the data where no request is sent for it; nil where one is.
    var fateWithoutRequest: AuditOutcome.DataFate? {
        if target != nil { return nil }
        return kind == .unaddressable ? .unaddressable : .notOwn
    }
}

extension AuditOutcome.RecordFate {
    /// A deferral moves `replaced_at` on, so a later one is still the same record. One that was created after the
    /// intent's record was replaced is another one, which was given the uid anew.
    fileprivate init(of intent: AuditIntent, found standing: RecordStanding) {
        guard standing.node == intent.node, standing.createdAt <= intent.replacedAt,
            let replacedAt = standing.replacedAt, replacedAt >= intent.replacedAt
        else {
            self = .changed
            return
        }
        self = .kept
    }
}
