/// What became of a request to remove a user's data.
package enum DataRemoval: Sendable, Hashable {
    case removed(lastModified: StorageTime, bytes: Int)
    case nothingStored
    /// The data was modified after the moment the request named; it is still there.
    case modifiedLater(StorageTime)
}
