/// What a run's summary says of nodes in trouble.
extension PurgeRun {
    /// How long the count of what was skipped on them may take.
    private static let skippedCountLimit = Duration.seconds(5)

    /// Counts what was skipped on nodes in trouble: most of it was never read, as the reader leaves such nodes out. Where
    /// nothing is left, the node's trouble kept nothing from being done.
    func countSkipped(_ summary: inout RunSummary, _ cutoff: Timestamp) async {
        guard summary.stopReason == .incomplete else { return }
        let nodes = summary.troubledNodes.flatMap(\.nodes)
        let scope = options.scope(cutoff: cutoff)
        let limit = min(Self.skippedCountLimit, options.countLimit)
        let counted = try? await stopSignal.unlessRequested {
            try await counter.count(on: nodes, scope: scope, limit: limit)
        }
        guard let counts = counted ?? nil else { return }
        for (index, node) in summary.troubledNodes.enumerated() {
            let there = node.nodes.map { counts[$0] ?? 0 }.reduce(0, +)
            summary.troubledNodes[index].records = max(0, there - node.kept)
        }
        if summary.skipped == 0, summary.withheld == 0, summary.skippedTotal == 0 {
            summary.troubledNodes = []
            summary.stopReason = .complete
        }
    }
}
