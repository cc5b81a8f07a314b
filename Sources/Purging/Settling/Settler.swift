/// Gathers what is to be written and forms batches of it: a pure state machine.
///
/// A batch goes when it is large enough, when its oldest settlement waited long enough, or when nothing else is under
/// way. One batch is written at a time; what comes meanwhile forms the next.
package struct Settler: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package struct Settings: Sendable {
        /// The most records in one transaction: it bounds how long row locks are held.
        package var batchSize = 100
        /// How long a confirmed record may wait for others.
        package var linger = Duration.milliseconds(100)
        /// How many settlements may be pending before nothing more is added: a slow database slows everything down.
        package var capacity = 1000

        package init() {}
    }

    /// A settlement and what it will count as once written.
    package struct Item: Sendable {
        package enum Meaning: Sendable, Equatable {
            case deletion(DeletionKind)
            case postponement(FailureReason)
        }

        package let settlement: Settlement
        package let meaning: Meaning
        /// What a plan says about the record; nil if no plan is being carried out.
        package var planned: PlannedRecord?

        package init(settlement: Settlement, meaning: Meaning, planned: PlannedRecord? = nil) {
            self.settlement = settlement
            self.meaning = meaning
            self.planned = planned
        }
    }

    package private(set) var isWriting = false
    /// While held, no batch goes out: nothing is written until some node accepted the secret.
    package var isHeld: Bool
    private let settings: Settings
    private var pending: [Item] = []
    private var oldest: Instant?

    package init(settings: Settings, isHeld: Bool = false) {
        self.settings = settings
        self.isHeld = isHeld
    }

    /// What no batch was made of yet.
    package var unwritten: [Item] { pending }

    package var isEmpty: Bool { pending.isEmpty && !isWriting }

    package var hasRoom: Bool { pending.count < settings.capacity }

    package mutating func add(_ item: Item, now: Instant) {
        oldest = oldest ?? now
        pending.append(item)
    }

    /// The batch to write now, if it is time for one.
    ///
    /// - Parameter isIdle: nothing else is under way that could join the batch.
    package mutating func batch(at now: Instant, isIdle: Bool) -> [Item]? {
        guard !isWriting, !isHeld, let oldest else { return nil }
        guard isIdle || pending.count >= settings.batchSize || oldest + settings.linger <= now else { return nil }
        let batch = Array(pending.prefix(settings.batchSize))
        pending.removeFirst(batch.count)
        self.oldest = pending.isEmpty ? nil : now
        isWriting = true
        return batch
    }

    package mutating func batchWritten() { isWriting = false }

    /// Forgets what was not written.
    package mutating func discard() {
        pending.removeAll()
        oldest = nil
    }

    package var wakeTime: Instant? { isWriting || isHeld ? nil : oldest.map { $0 + settings.linger } }
}
