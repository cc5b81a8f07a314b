import SyncTokens

/// The nodes that a run had trouble with, and why, for its summary.
///
/// A node is in it from when its circuit opens until it answers well again, and as long as records are skipped on it.
struct NodeTroubles: Sendable {
    private var reasons: [String: String] = [:]
    /// What each of them answered last, in words.
    private var problems: [String: String] = [:]
    /// Nodes that answer well again.
    private var recovered: Set<String> = []
    private var skipped: [String: Int] = [:]
    /// Records that stay where they are for reasons of their own: held, waiting, or failed and not deferred.
    private var kept: [NodeID: Int] = [:]

    var isEmpty: Bool { reasons.isEmpty }

    /// What a node in trouble answered last, in words, if that is known.
    func problem(of node: String) -> String? { reasons[node] == nil ? nil : problems[node] }

    mutating func note(_ change: NodeGate.Change, of node: String, problem: String? = nil) {
        switch change {
        case .recovered:
            recovered.insert(node)
            forgetIfOver(node)
        case .circuitOpen(let reason, _), .probeFailed(let reason, _), .abandoned(let reason):
            recovered.remove(node)
            // What it answered before says nothing of another reason.
            if problem != nil || reasons[node] != reason.rawValue { problems[node] = problem }
            reasons[node] = reason.rawValue
        }
    }

    /// A node was abandoned by an earlier run, and may not be asked yet.
    mutating func noteAbandoned(_ node: String, _ reason: NodeGate.TroubleReason) { reasons[node] = reason.rawValue }

    private mutating func forgetIfOver(_ node: String) {
        if recovered.contains(node), skipped[node, default: 0] == 0 {
            reasons[node] = nil
            problems[node] = nil
        }
    }

    /// Records were left as they are on account of the node.
    ///
    /// - Parameter reason: what the last of their requests met; nil if none was sent. The first reason that is known counts.
    mutating func noteSkipped(on node: String, because reason: String?) {
        skipped[node, default: 0] += 1
        if let reason, reasons[node] == nil { reasons[node] = reason }
    }

    /// A record that was skipped is purged after all.
    mutating func noteTakenUp(on node: String) {
        skipped[node, default: 0] -= 1
        forgetIfOver(node)
    }

    /// A record stays where it is, whatever becomes of its node.
    mutating func noteKept(on node: NodeID) { kept[node, default: 0] += 1 }

    /// In the order of the URLs, each with the ids of its nodes.
    func list(in directory: NodeDirectory) -> [RunSummary.NodeTrouble] {
        reasons.sorted { $0.key < $1.key }.map { url, reason in
            let target = directory.places.values.lazy.compactMap(\.target).first { $0.text == url }
            let nodes = target.map { directory.nodes(at: $0).sorted() } ?? []
            return RunSummary.NodeTrouble(
                url: url,
                reason: reason,
                problem: problems[url],
                nodes: nodes,
                kept: nodes.map { kept[$0] ?? 0 }.reduce(0, +)
            )
        }
    }
}
