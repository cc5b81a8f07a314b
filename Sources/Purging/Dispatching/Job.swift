/// A record whose data is to be deleted, on its way through the dispatcher.
package struct Job: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package var entry: BacklogEntry
    package var deletion: DataDeletion
    /// When the decision's facts were read.
    package var readAt: Instant
    /// How many of the deletion's keys the node has confirmed.
    package var confirmedKeys = 0
    package var attempts = 0
    /// Whether it holds a place in the send budget.
    package var isReserved = false
    /// Whether some attempt may have deleted data although it was not confirmed.
    var mayHaveBeenCarriedOut = false
    /// What was asked and answered so far.
    private(set) var exchange = ExchangeTrace()
    private var firstSentAt: Instant?
    /// The node's good answers when the first attempt failed.
    var goodAnswersAtFirstFailure: Int?
    /// Not to be sent before this.
    var notBefore: Instant?

    package init(entry: BacklogEntry, deletion: DataDeletion, readAt: Instant) {
        self.entry = entry
        self.deletion = deletion
        self.readAt = readAt
    }

    package var uid: UID { entry.record.uid }

    mutating func noteSent(at now: Instant) {
        attempts += 1
        notBefore = nil
        exchange.requests += 1
        firstSentAt = firstSentAt ?? now
    }

    /// What was asked so far belongs to an earlier intent.
    mutating func beginExchangeAnew() {
        exchange = ExchangeTrace()
        firstSentAt = nil
    }

    mutating func noteAnswer(_ answer: NodeAnswer, at now: Instant) {
        exchange.status = answer.status ?? exchange.status
        exchange.duration = firstSentAt.map { now - $0 } ?? .zero
        if case .confirmed(let lastModified?) = answer.verdict { exchange.receipts.append(lastModified) }
        if !answer.verdict.deletedNothing { mayHaveBeenCarriedOut = true }
    }

    var request: DeleteRequest {
        DeleteRequest(
            target: deletion.target,
            uid: uid,
            fxaUID: entry.record.email.fxaUID,
            key: deletion.keys[min(confirmedKeys, deletion.keys.count - 1)],
            unmodifiedSince: deletion.unmodifiedSince
        )
    }
}
