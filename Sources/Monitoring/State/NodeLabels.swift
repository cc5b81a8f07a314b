import Purging

/// Which nodes have series of their own: the first 100 that came up since the program started. A node that has one
/// keeps it.
struct NodeLabels: Sendable {
    static let most = 100

    private var urls: Set<String> = []

    mutating func add(_ nodes: [NodeStatus]) {
        for node in nodes where urls.count < Self.most { urls.insert(node.url) }
    }

    func contains(_ url: String) -> Bool { urls.contains(url) }
}
