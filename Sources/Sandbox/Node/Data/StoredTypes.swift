/// One object of a user's collection.
package struct StoredObject: Sendable, Hashable {
    package var payload: [UInt8]
    package var lastModified: StorageTime
}

/// Whose data it is, in the terms of the storage that holds it.
package enum DataOwner: Sendable, Hashable {
    /// One record of the Tokenserver database, as MySQL and PostgreSQL storage keys its data.
    case uid(Int64)
    /// One encryption key of one account, as Spanner storage keys its data: no uid and no node in it.
    case account(fxaUID: String, keyID: String)
}

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

/// What became of a request to remove a user's data.
package enum DataRemoval: Sendable, Hashable {
    case removed(lastModified: StorageTime, bytes: Int)
    case nothingStored
    /// The data was modified after the moment the request named; it is still there.
    case modifiedLater(StorageTime)
}

/// How a node's storage keys its data.
package enum DataKeying: String, Sendable, CaseIterable {
    /// By the numeric uid: MySQL and PostgreSQL.
    case uid
    /// By the account and its key id: Spanner.
    case account
}
