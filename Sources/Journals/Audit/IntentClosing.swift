package import Purging

/// What was done about the intents that dead processes left without an outcome.
package struct IntentClosing: Sendable, Equatable {
    /// How many were closed, by what became of their records.
    package private(set) var closed: [AuditOutcome.RecordFate: Int]
    /// Files that a living process may still write to, and so were left alone.
    package private(set) var inUse: [String]

    package init(closed: [AuditOutcome.RecordFate: Int] = [:], inUse: [String] = []) {
        self.closed = closed
        self.inUse = inUse
    }

    package var count: Int { closed.values.reduce(0, +) }

    mutating func note(_ fate: AuditOutcome.RecordFate) { closed[fate, default: 0] += 1 }
}
