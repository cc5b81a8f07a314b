/// Sends one DELETE to a storage node. It never throws: whatever happens is an answer. Safe to call concurrently.
package protocol StorageNodeClient: Sendable {
    func delete(_ request: DeleteRequest) async -> NodeAnswer
}
