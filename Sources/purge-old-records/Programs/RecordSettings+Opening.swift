import Purging
import SyncTokens
import TokenserverStore

/// Opening the database that the settings name.
extension RecordSettings {
    /// A node type for a URL that no node has is surely a slip, and the node that was meant would lose its protection.
    func checkNodeTypes(in source: any BacklogSource) async throws {
        let known = try await source.nodes().map(\.url) + [policy.overrideNode?.text].compactMap { $0 }
        if let url = policy.storageTypes.urlsNotAmong(known).first {
            throw ImplausibleNodes(
                description:
                    "--node-type names \(url), which is not in the nodes table; give each URL as it stands there"
            )
        }
    }

    /// The database, for those that only look.
    func openReadOnly(_ logs: Logs) async throws -> TokenserverStore {
        let store = try await TokenserverStore.openReadOnly(
            connector,
            readsKin: !policy.storageTypes.allKeyByUID,
            resilience: logs.resilience(self)
        )
        try await checkNodeTypes(in: store)
        return store
    }
}
