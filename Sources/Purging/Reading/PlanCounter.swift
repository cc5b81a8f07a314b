/// Counts what a plan would change, beside its being carried out; memory doesn't grow with it.
package struct PlanCounter: BacklogCounter {
    private static let linesAtOnce = 1000

    private let plan: any PurgePlan
    private let source: any BacklogSource

    package init(plan: any PurgePlan, source: any BacklogSource) {
        self.plan = plan
        self.source = source
    }

    /// Of a plan that is carried out, nobody waits for this: what it leaves, the next run names as changed or carries out.
    package func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]? { nil }

    package func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? {
        let deadline = ContinuousClock.now + limit
        let downed = Set(try await source.nodes().filter(\.isDowned).map(\.id))
        var size = BacklogSize(purgeable: 0, waitingForDownedNodes: 0, oldest: nil)
        var position: Int64?
        while true {
            if Task.isCancelled || ContinuousClock.now >= deadline { return nil }
            let lines = try await plan.lines(after: position, limit: Self.linesAtOnce)
            if lines.isEmpty { return size }
            position = lines.last?.position
            for (_, record) in lines where record.isChange {
                size.purgeable += 1
                if downed.contains(record.node) { size.waitingForDownedNodes += 1 }
                size.oldest = min(size.oldest ?? record.replacedAt, record.replacedAt)
            }
        }
    }
}
