package import SyncTokens

/// The nodes as they were at one moment, with what the policy makes of each.
package struct NodeDirectory: Sendable {
    /// A node, where its records' deletes go, and how the storage there keys its data.
    package struct Place: Sendable {
        package let node: Node
        /// Where deletes for this node's records are sent; nil if that is no storage node's URL.
        package let target: ServiceURL?
        /// What is wrong with the URL, if `target` is nil.
        package let problem: String?
        /// How the storage at the target keys its data.
        package let keying: StorageKeying
        /// How the node's own storage keys its data; it differs from `keying` only past a downed node.
        let ownKeying: StorageKeying

        /// How data of an active record may be keyed: with an override it may lie on either storage.
        var keyingOfActiveRecords: StorageKeying {
            if keying == .account || ownKeying == .account {
                return .account
            }
            return keying == .uid && ownKeying == .uid ? .uid : .unknown
        }
    }

    package let places: [NodeID: Place]
    /// The nodes whose deletes go to one storage, by what tells it from others.
    private let nodesByTarget: [String: [NodeID]]
    /// Missing nodes that more records name than may be deleted without a confirmation.
    package var crowdedGoneNodes: Set<NodeID> = []
    /// What was replaced at a stroke, in greater number than goes without a confirmation.
    package var masses: Set<Mass> = []

    /// Records of one node with one and the same `replaced_at`.
    package struct Mass: Hashable, Sendable {
        package let node: NodeID
        package let replacedAt: Timestamp

        package init(node: NodeID, replacedAt: Timestamp) {
            self.node = node
            self.replacedAt = replacedAt
        }

        init(of entry: BacklogEntry) { self.init(node: entry.record.nodeID, replacedAt: entry.replacedAt) }
    }

    package init(nodes: [Node], policy: PurgePolicy) {
        let idsByStorage = Dictionary(grouping: nodes) { ServiceURL.storage(ofURL: $0.url) }.mapValues { $0.map(\.id) }
        func keying(ofURL url: String) -> StorageKeying {
            policy.storageTypes.keying(ofURL: url, nodes: idsByStorage[ServiceURL.storage(ofURL: url)] ?? [])
        }
        let override = policy.effectiveOverride
        places = Dictionary(
            nodes.map { node in
                let ownKeying = keying(ofURL: node.url)
                var (target, problem, targetKeying): (ServiceURL?, String?, StorageKeying) = (nil, nil, ownKeying)
                if let override, node.isDowned {
                    target = override
                    targetKeying = keying(ofURL: override.text)
                } else {
                    do {
                        target = try ServiceURL(node.url)
                    } catch {
                        problem = String(describing: error)
                    }
                }
                return (
                    node.id,
                    Place(node: node, target: target, problem: problem, keying: targetKeying, ownKeying: ownKeying)
                )
            },
            uniquingKeysWith: { first, _ in first }
        )
        nodesByTarget = Dictionary(grouping: places.keys) { [places] in places[$0]?.target?.storage ?? "" }
    }

    package subscript(_ id: NodeID) -> Place? { places[id] }

    /// The nodes whose records' deletes go to this storage.
    package func nodes(at target: ServiceURL) -> [NodeID] { nodesByTarget[target.storage] ?? [] }

    /// Where deletes may go, each storage once, in the order of the nodes' ids.
    func targets(forcesDowned: Bool) -> [ServiceURL] {
        var seen: Set<String> = []
        return places.sorted { $0.key < $1.key }.compactMap { _, place in
            guard let target = place.target, forcesDowned || !place.node.isDowned else { return nil }
            return seen.insert(target.storage).inserted ? target : nil
        }
    }

    /// The nodes marked as down.
    package var downed: Set<NodeID> { Set(places.values.filter(\.node.isDowned).map(\.node.id)) }
}
