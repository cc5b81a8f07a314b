import Purging

/// What one series of a node's metrics tells: of one node, or of all those together that have none of their own.
struct NodeSeries {
    static let others = "other"

    let label: String
    var inFlight = 0
    var limit = 0
    var waiting = 0
    /// In seconds; nil for the others.
    var latency: Double?
    var latencyAtRest: Double?
    /// How many of these nodes are in trouble.
    var cutOff = 0

    static func of(_ nodes: [NodeStatus], labelled: NodeLabels) -> [NodeSeries] {
        var series: [NodeSeries] = []
        var others: NodeSeries?
        for node in nodes {
            if labelled.contains(node.url) {
                var one = NodeSeries(label: node.url, latency: node.latency, latencyAtRest: node.latencyAtRest)
                one.add(node)
                series.append(one)
            } else {
                others = others ?? NodeSeries(label: Self.others)
                others?.add(node)
            }
        }
        return series + [others].compactMap { $0 }
    }

    private mutating func add(_ node: NodeStatus) {
        inFlight += node.inFlight
        limit += node.limit
        waiting += node.waiting
        if node.isOutOfUse { cutOff += 1 }
    }
}

extension NodeStatus {
    /// Whether nothing but a probe is sent to it, though nobody has said that it is down.
    var isOutOfUse: Bool { !isDowned && state.isTrouble }
}
