import SyncTokens

/// From the state to what others are shown of it.
extension PurgeEngine {
    func status(at now: Instant) -> RunStatus {
        RunStatus(
            pause: pause,
            summary: result,
            reached: reached,
            isStopping: stopReason != nil,
            pending: pending.count,
            inProgress: inProgress.count,
            nodes: nodeStatus(at: now),
            waits: waits(at: now)
        )
    }

    /// Of the nodes that records were met of, and of those that are marked as down, whose records are not read.
    private func nodeStatus(at now: Instant) -> [NodeStatus] {
        var status = dispatcher.status(at: now)
        let downed = planner.policy.forcesDownedNodes ? [] : directory.downed
        let urls = Set(downed.compactMap { directory[$0]?.target?.text })
        for url in urls.subtracting(status.map(\.url)).sorted() {
            status.append(NodeStatus(url: url, state: .unproven, limit: 0))
        }
        let targets = Dictionary(
            directory.places.values.compactMap(\.target).map { ($0.text, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        return status.map { node in
            var node = node
            if node.state.isTrouble { node.problem = troubles.problem(of: node.url) }
            node.isDowned = urls.contains(node.url)
            node.ids = targets[node.url].map { directory.nodes(at: $0).sorted() } ?? []
            return node
        }
    }
}
