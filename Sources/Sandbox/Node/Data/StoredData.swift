import Synchronization

/// What is stored on one storage backend, in memory.
///
/// Several nodes may share one, as several URLs share one Spanner database. Safe to use from any thread; every method
/// is atomic. A user's entry takes some 75 bytes when keyed by uid and some 250 when keyed by account.
package final class StoredData: Sendable {
    private struct Item {
        var lastModified: StorageTime
        var bytes: Int
        var objects: [String: StoredObject]?
    }

    private struct Contents {
        var byUID: [Int64: Item] = [:]
        var byAccount: [String: Item] = [:]
        var bytes = 0

        subscript(owner: DataOwner) -> Item? {
            get {
                switch owner {
                case .uid(let uid): byUID[uid]
                case .account(let fxaUID, let keyID): byAccount["\(fxaUID)\n\(keyID)"]
                }
            }
            set {
                switch owner {
                case .uid(let uid): byUID[uid] = newValue
                case .account(let fxaUID, let keyID): byAccount["\(fxaUID)\n\(keyID)"] = newValue
                }
            }
        }

        mutating func put(_ item: Item, for owner: DataOwner) {
            bytes += item.bytes - (self[owner]?.bytes ?? 0)
            self[owner] = item
        }
    }

    private let contents = Mutex(Contents())

    package init() {}

    /// Gives a user data of some size, in place of what the user had.
    package func put(_ owner: DataOwner, lastModified: StorageTime, bytes: Int) {
        contents.withLock { $0.put(Item(lastModified: lastModified, bytes: bytes), for: owner) }
    }

    /// As `put(_:lastModified:bytes:)` for many users, under one lock.
    package func put(contentsOf users: some Sequence<DataOfUser> & Sendable) {
        contents.withLock { contents in
            for user in users {
                contents.put(Item(lastModified: user.lastModified, bytes: user.bytes), for: user.owner)
            }
        }
    }

    /// Stores one object (`path` is `collection/id`) and marks the user's data as modified at that moment.
    package func putObject(_ path: String, of owner: DataOwner, payload: [UInt8], at time: StorageTime) {
        contents.withLock { contents in
            var item = contents[owner] ?? Item(lastModified: time, bytes: 0)
            item.bytes += payload.count - (item.objects?[path]?.payload.count ?? 0)
            item.lastModified = time
            item.objects = item.objects ?? [:]
            item.objects?[path] = StoredObject(payload: payload, lastModified: time)
            contents.put(item, for: owner)
        }
    }

    package func object(_ path: String, of owner: DataOwner) -> StoredObject? {
        contents.withLock { $0[owner]?.objects?[path] }
    }

    package func has(_ owner: DataOwner) -> Bool {
        contents.withLock { $0[owner] != nil }
    }

    /// When the user's data was last modified; nil when nothing is stored.
    package func lastModified(of owner: DataOwner) -> StorageTime? {
        contents.withLock { $0[owner]?.lastModified }
    }

    /// How many users have data.
    package var count: Int {
        contents.withLock { $0.byUID.count + $0.byAccount.count }
    }

    /// The size of everybody's data.
    package var bytes: Int {
        contents.withLock { $0.bytes }
    }

    /// Who has data, in no particular order.
    package var owners: [DataOwner] {
        let (uids, accounts) = contents.withLock { (Array($0.byUID.keys), Array($0.byAccount.keys)) }
        return uids.map { .uid($0) }
            + accounts.map { key in
                let parts = key.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
                return .account(fxaUID: String(parts[0]), keyID: String(parts[parts.count - 1]))
            }
    }

    /// Removes all of a user's data, unless it was modified after the given moment.
    @discardableResult
    package func remove(_ owner: DataOwner, ifUnmodifiedSince limit: StorageTime? = nil) -> DataRemoval {
        contents.withLock { contents in
            guard let item = contents[owner] else { return .nothingStored }
            if let limit, item.lastModified > limit { return .modifiedLater(item.lastModified) }
            contents[owner] = nil
            contents.bytes -= item.bytes
            return .removed(lastModified: item.lastModified, bytes: item.bytes)
        }
    }

    package func removeAll() {
        contents.withLock { $0 = Contents() }
    }
}
