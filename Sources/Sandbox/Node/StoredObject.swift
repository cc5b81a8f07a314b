/// One object of a user's collection.
package struct StoredObject: Sendable, Hashable {
    package var payload: [UInt8]
    package var lastModified: StorageTime
}
