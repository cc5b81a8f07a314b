/// Where a dry run writes its plan.
package protocol PlanSink: Sendable {
    /// Begins the plan. Called once.
    func begin(cutoff: Timestamp) async throws

    /// Records in the backlog's order.
    func append(_ records: [PlannedRecord]) async throws

    /// Completes it; what was not completed is no plan.
    func complete() async throws

    /// Forgets what was not completed.
    func discard() async
}

/// A plan that was completed, to be carried out.
package protocol PurgePlan: Sendable {
    /// The cutoff that it was made with.
    var cutoff: Timestamp { get }

    /// The lines behind a position, in their order; nil for the beginning. Empty at the end.
    ///
    /// A position is a number that grows from line to line; it means nothing else.
    func lines(after position: Int64?, limit: Int) async throws -> [(position: Int64, record: PlannedRecord)]
}

/// A plan can't be written, or can't be read any more.
package struct PlanFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}
