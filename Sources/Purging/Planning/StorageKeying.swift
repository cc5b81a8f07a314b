import SyncTokens

/// By what a storage backend keys the data that it stores.
package enum StorageKeying: Sendable, Equatable {
    /// MySQL, PostgreSQL: by uid, so every record's data is its own.
    case uid
    /// Spanner: by (fxa_uid, fxa_kid), so records of one user can share their data, whatever node they name.
    case account
    /// Nobody said. Decisions are then as the original's, with more caution.
    case unknown
}

/// What the operator said about how the nodes key their data, most specific first: a node's own type, the type of all,
/// the one Spanner node.
package struct StorageTypes: Sendable {
    private let byStorage: [String: (url: String, keying: StorageKeying)]
    private let ofAll: StorageKeying?
    private let spannerNode: NodeID?

    package init(byURL: [String: StorageKeying] = [:], ofAll: StorageKeying? = nil, spannerNode: NodeID? = nil) {
        byStorage = .init(
            byURL.map { (ServiceURL.storage(ofURL: $0.key), (url: $0.key, keying: $0.value)) },
            uniquingKeysWith: { first, _ in first }
        )
        self.ofAll = ofAll
        self.spannerNode = spannerNode
    }

    /// How the storage behind this URL keys its data; `nodes` are the nodes whose row names that storage.
    func keying(ofURL url: String, nodes: [NodeID]) -> StorageKeying {
        if let named = byStorage[ServiceURL.storage(ofURL: url)]?.keying ?? ofAll {
            return named
        }
        return spannerNode.map { nodes.contains($0) } ?? false ? .account : .unknown
    }

    /// How the storage of a node without a row keyed its data.
    var keyingOfGoneNode: StorageKeying { ofAll ?? .unknown }

    /// URLs that a type was given for, of which none is in `urls`.
    package func urlsNotAmong(_ urls: [String]) -> [String] {
        let known = Set(urls.map(ServiceURL.storage))
        return byStorage.filter { !known.contains($0.key) }.map(\.value.url).sorted()
    }
}
