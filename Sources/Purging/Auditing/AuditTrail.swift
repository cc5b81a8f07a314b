/// Keeps what a run may do behind what its audit log has: a pure state machine.
///
/// What was decided waits here until the intent is on disk; then it is handed out to be done. One batch of lines is
/// written at a time, and what comes meanwhile forms the next, so a page costs one sync. Without an audit log nothing
/// waits and nothing is kept.
struct AuditTrail: Sendable {
    /// What is done once its intent is on disk.
    enum Step: Sendable {
        case send(Job)
        case settle(Settler.Item)
    }

    struct Batch: Sendable {
        let entries: [AuditEntry]
        /// Whether it holds an intent, and so has to be on disk before anything is done.
        let isDurable: Bool
    }

    private struct Waiting: Sendable {
        let intent: AuditIntent
        let step: Step
    }

    private struct Open: Sendable {
        let intent: AuditIntent
        var exchange = ExchangeTrace()
        var mayHaveDeleted = false
    }

    let isOn: Bool
    private var waiting: [Waiting] = []
    private var writing: [Waiting] = []
    private(set) var isWriting = false
    /// Whether a write failed, so that nothing more is written.
    private var isBroken = false
    private var outcomes: [AuditOutcome] = []
    /// By uid: intents on disk whose outcome is not known yet.
    private var open: [UID: Open] = [:]

    init(isOn: Bool) { self.isOn = isOn }

    /// Decisions that wait for their intents to be written.
    var waitingCount: Int { waiting.count + writing.count }

    /// Whether everything is written and done.
    var isEmpty: Bool { isBroken || waiting.isEmpty && !isWriting && outcomes.isEmpty }

    mutating func intend(_ intent: AuditIntent, then step: Step) {
        waiting.append(Waiting(intent: intent, step: step))
    }

    /// The lines to write now, outcomes before intents.
    mutating func batch() -> Batch? {
        guard !isBroken, !isWriting, !waiting.isEmpty || !outcomes.isEmpty else { return nil }
        isWriting = true
        writing = waiting
        waiting = []
        let entries = outcomes.map(AuditEntry.ended) + writing.map { .intended($0.intent) }
        outcomes = []
        return Batch(entries: entries, isDurable: !writing.isEmpty)
    }

    /// - Returns: what may be done now.
    mutating func written() -> [Step] {
        isWriting = false
        let steps = writing.map(\.step)
        for item in writing {
            open[item.intent.uid] = Open(intent: item.intent)
            if case .send(let job) = item.step { note(job) }
        }
        writing = []
        return steps
    }

    /// Nothing more can be written.
    ///
    /// - Returns: decisions whose intents were being written, which must not be carried out.
    mutating func failed() -> [Step] {
        defer {
            isWriting = false
            isBroken = true
            writing = []
            outcomes = []
            open = [:]
        }
        return writing.map(\.step)
    }

    /// - Returns: decisions of which nothing was written, which are forgotten.
    mutating func dropWaiting() -> [Step] {
        defer { waiting = [] }
        return waiting.map(\.step)
    }

    /// What the record's node was asked and said so far.
    mutating func note(_ job: Job) {
        open[job.uid]?.exchange = job.exchange
        open[job.uid]?.mayHaveDeleted = job.mayHaveBeenCarriedOut
    }

    /// The record's data is settled one way or the other; does nothing where no intent is open.
    ///
    /// - Parameter isConfirmed: whether the node confirmed the deletion of all of it.
    mutating func conclude(
        _ uid: UID,
        isConfirmed: Bool = false,
        record: AuditOutcome.RecordFate = .kept,
        reason: String? = nil,
        until: Timestamp? = nil
    ) {
        guard let known = open.removeValue(forKey: uid) else { return }
        let requested: AuditOutcome.DataFate =
            if isConfirmed { .deleted } else if known.mayHaveDeleted { .unknown } else { .kept }
        outcomes.append(
            AuditOutcome(
                intent: known.intent,
                data: known.intent.fateWithoutRequest ?? requested,
                record: record,
                reason: reason,
                until: until,
                exchange: known.exchange
            )
        )
    }

    /// At the end of a run: what was never done.
    mutating func concludeAll(reason: String) {
        for uid in open.keys.sorted() {
            conclude(uid, reason: reason)
        }
    }
}
