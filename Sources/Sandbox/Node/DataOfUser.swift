/// One user's data as `StoredData` is given it in bulk.
package struct DataOfUser: Sendable, Hashable {
    package var owner: DataOwner
    package var lastModified: StorageTime
    package var bytes: Int

    package init(_ owner: DataOwner, lastModified: StorageTime, bytes: Int) {
        self.owner = owner
        self.lastModified = lastModified
        self.bytes = bytes
    }
}
