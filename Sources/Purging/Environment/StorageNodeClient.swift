package import SyncTokens

/// Sends one DELETE to a storage node. It never throws: whatever happens is an answer. Safe to call concurrently.
package protocol StorageNodeClient: Sendable {
    func delete(_ request: DeleteRequest) async -> NodeAnswer

    /// What the node's clock says, in seconds since 1970; nil if it doesn't tell. Touches nothing there.
    func time(of target: ServiceURL) async -> Double?
}
