import Purging

/// Each node and its gate.
extension StatusPage {
    var nodes: HTML {
        if state.nodes.isEmpty {
            return "<section><h2>Nodes</h2>\n<p class=\"quiet\">No run has had records of a node yet.</p></section>\n"
        }
        // Those in trouble first.
        let sorted = state.nodes.sorted { $0.url < $1.url }
        let ordered = sorted.filter { $0.state != .open } + sorted.filter { $0.state == .open }
        let rows = ordered.prefix(NodeLabels.most).map { node -> HTML in
            """
            <tr><th scope="row">\(node.url)</th><td data-name="State">\(Self.text(node))\
            \(node.isThrottled ? " <small>backoff is set</small>" : "")</td>\
            <td data-name="In flight">\(node.inFlight)</td><td data-name="Limit">\(node.limit)</td>\
            <td data-name="Latency">\(node.latency.map { Figures.seconds($0) } ?? "–")</td>\
            <td data-name="Waiting here">\(node.waiting)</td></tr>

            """
        }
        let more = state.nodes.count - rows.count
        let note: HTML = more > 0 ? "<p class=\"quiet\">\(more) more nodes are not shown.</p>" : ""
        return """
            <section><h2>Nodes</h2>
            <table class="cards"><thead><tr><th scope="col">Node</th><th scope="col" class="text">State</th>\
            <th scope="col">In flight</th><th scope="col">Limit</th><th scope="col">Latency</th>\
            <th scope="col">Waiting here</th></tr></thead><tbody>
            \(rows)</tbody></table>\(note)</section>

            """
    }

    private static func text(_ node: RunStatus.NodeStatus) -> HTML {
        if node.isDowned { return "<span class=\"fair\">marked as down</span>" }
        return switch node.state {
        case .open: "<span class=\"good\">open</span>"
        case .quiet(let time): "<span class=\"fair\">asked for quiet, \(Figures.duration(time)) more</span>"
        case .cutOff(let reason): "<span class=\"bad\">cut off: \(reason.text); it is probed</span>"
        case .left(let reason): "<span class=\"bad\">left alone: \(reason.text)</span>"
        }
    }
}

extension NodeGate.LeaveReason {
    fileprivate var text: String {
        switch self {
        case .unreachable: "it can't be reached"
        case .misrouted: "something else answers there"
        case .serverErrors: "it answers with errors"
        case .refusesEverything: "it refuses everything"
        case .decommissioned: "it is decommissioned"
        case .longPause: "it asked for a long pause"
        case .overloaded: "it is overloaded"
        }
    }
}
