import DequeModule

/// Gathers what is to be written and forms batches of it: a pure state machine.
///
/// A batch goes when it is large enough, when its oldest settlement waited long enough, or when nothing else is under
/// way. One batch is written at a time; what comes meanwhile forms the next. How large it may be follows from what the last
/// ones took, so that a database in trouble gets short transactions.
struct Settler: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package struct Settings: Sendable {
        /// The most records in one transaction: it bounds how long row locks are held.
        package var batchSize = 100
        /// The most records in one transaction while the database is to be spared.
        var smallBatch = 10
        /// What the records of a transaction may take; where they take longer, the next one is smaller.
        var aim = Duration.milliseconds(50)
        /// How long a confirmed record may wait for others.
        package var linger = Duration.milliseconds(100)
        /// How many settlements may be pending before nothing more is added: a slow database slows everything down.
        package var capacity = 1000
        /// How long a record that another transaction holds is tried again.
        var lockPatience = Duration.seconds(30)
        /// The pauses between those tries.
        var lockPause = Duration.seconds(1)

        package init() {}
    }

    /// A settlement and what it will count as once written.
    package struct Item: Sendable {
        enum Meaning: Sendable, Equatable {
            case deletion(DeletionKind)
            case postponement(FailureReason)
        }

        package let settlement: Settlement
        package let meaning: Meaning
        /// What a plan says about the record; nil if no plan is being carried out.
        package var planned: PlannedRecord?
        /// Since when another transaction has been found to hold the record.
        fileprivate(set) var lockedSince: Instant?

        package init(settlement: Settlement, meaning: Meaning, planned: PlannedRecord? = nil) {
            self.settlement = settlement
            self.meaning = meaning
            self.planned = planned
        }
    }

    private(set) var isWriting = false
    /// While held, no batch goes out: nothing is written until some node accepted the secret.
    var isHeld: Bool
    /// Whether the database is to be spared: batches are small.
    var isThrottled = false
    private let settings: Settings
    private var size: BatchSize
    private var writing: (since: Instant, count: Int)?
    private var pending: [Item] = []
    private var oldest: Instant?
    /// How many requests were sent since the batch that is being written went out.
    private var sentMeanwhile = 0
    /// What others held, in the order in which it is due.
    private var delayed: Deque<(item: Item, due: Instant)> = []

    package init(settings: Settings, isHeld: Bool = false) {
        self.settings = settings
        size = BatchSize(smallest: settings.smallBatch, largest: settings.batchSize, aim: settings.aim)
        self.isHeld = isHeld
    }

    /// What no batch was made of yet.
    var unwritten: [Item] { pending + delayed.map(\.item) }

    package var isEmpty: Bool { pending.isEmpty && delayed.isEmpty && !isWriting }

    var hasRoom: Bool { pending.count + delayed.count < settings.capacity }

    /// How many requests may be sent. While a batch is being written, these are two batches' worth: where the database is lost
    /// or refuses, data is not deleted for records that can't be.
    var sendable: Int { isWriting ? max(0, 2 * most - sentMeanwhile) : .max }

    private var most: Int { isThrottled ? min(size.value, settings.smallBatch) : size.value }

    var allowsSending: Bool { sendable > 0 }

    package mutating func noteSent(_ count: Int) { if isWriting { sentMeanwhile += count } }

    package mutating func add(_ item: Item, now: Instant) {
        oldest = oldest ?? now
        pending.append(item)
    }

    /// Takes back what another transaction held, to try it again after a pause.
    ///
    /// - Returns: false if it was tried for long enough, or would be too old by then.
    package mutating func delay(_ item: Item, now: Instant) -> Bool {
        var item = item
        let (since, due) = (item.lockedSince ?? now, now + settings.lockPause)
        if now - since >= settings.lockPatience || item.settlement.isStale(at: due) { return false }
        item.lockedSince = since
        delayed.append((item, due))
        return true
    }

    /// Makes everything due that was delayed: the run is to end.
    mutating func hurry(now: Instant) {
        for (item, _) in delayed { add(item, now: now) }
        delayed.removeAll()
    }

    /// The batch to write now, if it is time for one.
    ///
    /// - Parameter isIdle: nothing else is under way that could join the batch.
    package mutating func batch(at now: Instant, isIdle: Bool) -> [Item]? {
        guard !isWriting, !isHeld else { return nil }
        while let (item, due) = delayed.first, due <= now {
            delayed.removeFirst()
            add(item, now: now)
        }
        guard let oldest else { return nil }
        guard isIdle || pending.count >= most || oldest + settings.linger <= now else { return nil }
        let batch = Array(pending.prefix(most))
        pending.removeFirst(batch.count)
        self.oldest = pending.isEmpty ? nil : now
        isWriting = true
        writing = (now, batch.count)
        sentMeanwhile = 0
        return batch
    }

    mutating func batchWritten(at now: Instant) {
        isWriting = false
        if let (since, count) = writing { size.note(count, took: now - since) }
        writing = nil
    }

    /// Forgets what was not written.
    package mutating func discard() {
        pending.removeAll()
        delayed.removeAll()
        oldest = nil
    }

    var wakeTime: Instant? {
        if isWriting || isHeld { return nil }
        return [oldest.map { $0 + settings.linger }, delayed.first?.due].compactMap { $0 }.min()
    }
}
