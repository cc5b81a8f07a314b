import Purging
import SyncTokens
import TestSupport

/// A directory of nodes and a policy, and the decisions that follow.
struct PlanningFixture {
    var nodes: [Node] = [
        Node(id: NodeID(1), url: "https://node-1.example"),
        Node(id: NodeID(2), url: "https://node-2.example"),
    ]
    var policy = PurgePolicy()
    var crowded: Set<NodeID> = []

    static func keyed(by keying: StorageKeying?) -> PlanningFixture {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(ofAll: keying)
        return fixture
    }

    func action(_ record: UserRecord, others: [UserRecord] = []) -> PurgeAction? {
        var directory = NodeDirectory(nodes: nodes, policy: policy)
        directory.crowdedGoneNodes = crowded
        return BacklogEntry(record: record, others: others).map {
            PurgePlanner(policy: policy).action(for: $0, in: directory)
        }
    }

    mutating func down(_ id: Int64) {
        for index in nodes.indices where nodes[index].id == NodeID(id) {
            nodes[index].isDowned = true
        }
    }
}

extension PurgeAction {
    var deletion: DataDeletion? { if case .purge(let deletion) = self { deletion } else { nil } }

    /// The keys that are to be deleted, as they are spelt in a token.
    var keyTexts: [String]? { deletion?.keys.map(\.id.text) }
}
