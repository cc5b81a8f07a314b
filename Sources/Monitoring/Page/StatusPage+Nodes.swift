import Foundation
import Purging
import Support

/// Each node and its gate.
extension StatusPage {
    var nodes: HTML {
        if state.nodes.isEmpty {
            return "<section><h2>Nodes</h2>\n<p class=\"quiet\">No run has had records of a node yet.</p></section>\n"
        }
        // node-2 before node-10.
        let sorted = state.nodes.sorted { $0.url.compare($1.url, options: .numeric) == .orderedAscending }
        let troubled = sorted.filter { $0.isDowned || $0.state != .healthy }
        let healthy = sorted.filter { !$0.isDowned && $0.state == .healthy }
        // Those in trouble first, then some of the others; the rest on demand.
        let shown = (troubled + healthy.prefix(Self.healthyShown)).prefix(NodeLabels.most)
        let folded = healthy.dropFirst(Self.healthyShown).prefix(NodeLabels.most - shown.count)
        let left = state.nodes.count - shown.count - folded.count
        let fold = Self.fold("nodes", Array(folded), named: "more healthy node", Self.table)
        let note: HTML = left > 0 ? "<p class=\"quiet\">\(Figures.counted(left, "more node")) not shown.</p>" : ""
        return """
            <section><h2>Nodes</h2>
            \(Self.table(Array(shown)))\(fold)\(note)</section>

            """
    }

    private static let healthyShown = 12

    private static func table(_ nodes: [NodeStatus]) -> HTML {
        let rows = nodes.map { node -> HTML in
            """
            <tr><th scope="row">\(node.url)\(ids(node))</th><td data-name="State" class="text">\(text(node))\
            \(node.isThrottled ? " <small>backoff is set</small>" : "")</td>\
            <td data-name="In flight">\(node.inFlight)</td><td data-name="Limit">\(node.limit)</td>\
            <td data-name="Latency">\(seconds(node.latency))</td><td data-name="At rest">\(seconds(node.latencyAtRest))</td>\
            <td data-name="Queued">\(node.waiting)</td></tr>

            """
        }
        return """
            <table class="cards"><thead><tr><th scope="col">Node</th><th scope="col" class="text">State</th>\
            <th scope="col">In flight</th><th scope="col">Limit</th><th scope="col">Latency</th>\
            <th scope="col">At rest</th><th scope="col">Queued</th></tr></thead><tbody>
            \(rows)</tbody></table>
            """
    }

    /// Beside the latency there is what it is when nothing waits: the difference is what the node's users wait longer.
    private static func seconds(_ value: Double?) -> String { value.map { Figures.seconds($0) } ?? "–" }

    private static func ids(_ node: NodeStatus) -> HTML {
        if node.ids.isEmpty { return "" }
        let list = node.ids.map { String($0.rawValue) }.joined(separator: ", ")
        return " <small>\(node.ids.count == 1 ? "id" : "ids") \(list)</small>"
    }

    private static func text(_ node: NodeStatus) -> HTML {
        if node.isDowned { return "<span class=\"fair\">marked as down: its records wait for it</span>" }
        let why = node.problem.map { " (\($0))" } ?? ""
        return switch node.state {
        case .healthy: "<span class=\"good\">healthy</span>"
        case .unproven: "<span class=\"fair\">unproven: it has not accepted a deletion yet</span>"
        case .backingOff(let time): "<span class=\"fair\">backing off as it asked, for \(Figures.duration(time))</span>"
        case .circuitOpen(let reason): "<span class=\"bad\">circuit open: \(reason.text)\(why); it is probed</span>"
        case .abandoned(let reason): "<span class=\"bad\">abandoned: \(reason.text)\(why); it is probed seldom</span>"
        }
    }
}
