import Purging
import Support

/// Each node and its gate.
extension StatusPage {
    var nodes: HTML {
        if state.nodes.isEmpty {
            return "<section><h2>Nodes</h2>\n<p class=\"quiet\">No run has had records of a node yet.</p></section>\n"
        }
        // Those in trouble first.
        let sorted = state.nodes.sorted { $0.url < $1.url }
        let ordered = sorted.filter { $0.state != .healthy } + sorted.filter { $0.state == .healthy }
        let rows = ordered.prefix(NodeLabels.most).map { node -> HTML in
            """
            <tr><th scope="row">\(node.url)\(Self.ids(node))</th><td data-name="State">\(Self.text(node))\
            \(node.isThrottled ? " <small>backoff is set</small>" : "")</td>\
            <td data-name="In flight">\(node.inFlight)</td><td data-name="Limit">\(node.limit)</td>\
            <td data-name="Latency">\(Self.latency(node))</td>\
            <td data-name="Queued">\(node.waiting)</td></tr>

            """
        }
        let more = state.nodes.count - rows.count
        let note: HTML = more > 0 ? "<p class=\"quiet\">\(Figures.counted(more, "more node")) not shown.</p>" : ""
        return """
            <section><h2>Nodes</h2>
            <table class="cards"><thead><tr><th scope="col">Node</th><th scope="col" class="text">State</th>\
            <th scope="col">In flight</th><th scope="col">Limit</th><th scope="col">Latency</th>\
            <th scope="col">Queued</th></tr></thead><tbody>
            \(rows)</tbody></table>\(note)</section>

            """
    }

    /// Beside it, what it is when nothing waits: the difference is what the node's users wait longer.
    private static func latency(_ node: NodeStatus) -> HTML {
        guard let latency = node.latency else { return "–" }
        guard let rest = node.latencyAtRest else { return "\(Figures.seconds(latency))" }
        return "\(Figures.seconds(latency)) <small>at rest \(Figures.seconds(rest))</small>"
    }

    private static func ids(_ node: NodeStatus) -> HTML {
        if node.ids.isEmpty { return "" }
        let list = node.ids.map { String($0.rawValue) }.joined(separator: ", ")
        return " <small>\(node.ids.count == 1 ? "id" : "ids") \(list)</small>"
    }

    private static func text(_ node: NodeStatus) -> HTML {
        if node.isDowned { return "<span class=\"fair\">marked as down: its records wait for it</span>" }
        return switch node.state {
        case .healthy: "<span class=\"good\">healthy</span>"
        case .unproven: "<span class=\"fair\">unproven: it has not deleted anything yet</span>"
        case .backingOff(let time): "<span class=\"fair\">backing off as it asked, for \(Figures.duration(time))</span>"
        case .circuitOpen(let reason): "<span class=\"bad\">circuit open: \(reason.text); it is probed</span>"
        case .abandoned(let reason): "<span class=\"bad\">abandoned until the next run: \(reason.text)</span>"
        }
    }
}
