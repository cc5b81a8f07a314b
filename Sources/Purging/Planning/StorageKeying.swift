import SyncTokens

/// By what a storage backend keys the data that it stores.
package enum StorageKeying: Sendable, Equatable {
    /// MySQL, PostgreSQL: by uid, so every record's data is its own.
    case uid
    /// Spanner: by (fxa_uid, fxa_kid), so records of one user can share their data, whatever node they name.
    case account
    /// Nobody said. Decisions are then as the original's, with more caution.
    case unknown
    /// Other storages were named by their URLs and this one wasn't: it may be new under that URL, so nothing is deleted
    /// there until the operator says what it is.
    case unnamed
}

/// What the operator said about how the nodes key their data, most specific first: a node's own type, the type of all,
/// the one Spanner node.
///
/// A type belongs to a URL as it stands in a node's row now, not to the row: a row can be given another storage's URL.
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
        if let spannerNode, nodes.contains(spannerNode) { return .account }
        return byStorage.isEmpty ? .unknown : .unnamed
    }

    /// Whether no two records can share data, wherever they lie.
    package var allKeyByUID: Bool {
        spannerNode == nil && ofAll == .uid && byStorage.values.allSatisfy { $0.keying == .uid }
    }

    /// URLs that a type was given for, of which none is in `urls`.
    package func urlsNotAmong(_ urls: [String]) -> [String] {
        let known = Set(urls.map(ServiceURL.storage))
        return byStorage.filter { !known.contains($0.key) }.map(\.value.url).sorted()
    }
}
