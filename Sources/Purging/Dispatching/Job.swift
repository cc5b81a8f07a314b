/// A record whose data is to be deleted, on its way through the dispatcher.
struct Job: Sendable {
    typealias Instant = ContinuousClock.Instant

    var entry: BacklogEntry
    var deletion: DataDeletion
    /// When the decision's facts were read.
    var readAt: Instant
    /// How many of the deletion's keys the node has confirmed.
    var confirmedKeys = 0
    var attempts = 0
    /// How often it got no connection in time to be sent.
    var expirations = 0
    /// Whether it holds a place in the send budget.
    var isReserved = false
    /// Whether some attempt may have deleted data although it was not confirmed.
    var mayHaveBeenCarriedOut = false
    /// What was asked and answered so far.
    private(set) var exchange = ExchangeTrace()
    private var firstSentAt: Instant?
    /// The node's good answers when the first attempt failed.
    var goodAnswersAtFirstFailure: Int?
    /// Not to be sent before this.
    var notBefore: Instant?
    /// When the data was last written, by its node's word: asked again with just this as the condition.
    var condition: Timestamp?

    init(entry: BacklogEntry, deletion: DataDeletion, readAt: Instant) {
        self.entry = entry
        self.deletion = deletion
        self.readAt = readAt
    }

    var uid: UID { entry.record.uid }

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
        // A node that is busy and names a time turned the request away.
        let isTurnedAway = if case .busy = answer.verdict { answer.retryAfter != nil } else { false }
        if !answer.verdict.deletedNothing, !isTurnedAway { mayHaveBeenCarriedOut = true }
    }

    /// The node confirmed one key; the next one is a request of its own.
    mutating func beginNextKey() {
        attempts = 0
        goodAnswersAtFirstFailure = nil
        condition = nil
    }

    func request(notAfter: Instant) -> DeleteRequest {
        let key = deletion.keys[min(confirmedKeys, deletion.keys.count - 1)]
        return DeleteRequest(
            target: deletion.target,
            uid: uid,
            fxaUID: entry.record.email.fxaUID,
            key: key.id,
            unmodifiedSince: condition ?? key.unmodifiedSince,
            notAfter: notAfter
        )
    }
}
