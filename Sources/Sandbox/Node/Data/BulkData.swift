/// Data for many users, as the control interface takes it.
///
/// In JSON: `{"users": […]}`, each user with `uid`, or `from` and `through` for a range of uids, or `fxa_uid` and
/// `fxa_kid`; and optionally `modified` (seconds since 1970, default 0) and `bytes` (for each, default 0).
struct BulkData: Decodable {
    /// The most users that one entry may stand for.
    static let maximumRange: Int64 = 5_000_000

    let users: [DataOfUser]

    private enum Name: String, CodingKey {
        case users, uid, from, through, modified, bytes
        case fxaUID = "fxa_uid"
        case fxaKID = "fxa_kid"
    }

    init(from decoder: any Decoder) throws {
        var users: [DataOfUser] = []
        var list = try decoder.container(keyedBy: Name.self).nestedUnkeyedContainer(forKey: .users)
        while !list.isAtEnd {
            let entry = try list.nestedContainer(keyedBy: Name.self)
            let modified = StorageTime(seconds: try entry.decodeIfPresent(Double.self, forKey: .modified) ?? 0)
            let bytes = try entry.decodeIfPresent(UInt32.self, forKey: .bytes) ?? 0
            for owner in try Self.owners(entry) {
                users.append(DataOfUser(owner, lastModified: modified, bytes: Int(bytes)))
            }
        }
        self.users = users
    }

    private static func owners(_ entry: KeyedDecodingContainer<Name>) throws -> [DataOwner] {
        if let uid = try entry.decodeIfPresent(Int64.self, forKey: .uid) { return [.uid(uid)] }
        guard let from = try entry.decodeIfPresent(Int64.self, forKey: .from) else {
            let fxaUID = try entry.decode(String.self, forKey: .fxaUID)
            return [.account(fxaUID: fxaUID, keyID: try entry.decode(String.self, forKey: .fxaKID))]
        }
        let through = try entry.decode(Int64.self, forKey: .through)
        guard 0 <= from, from <= through, through - from < Self.maximumRange else {
            throw DecodingError.dataCorruptedError(
                forKey: .through,
                in: entry,
                debugDescription: "a range of uids is ascending and holds at most \(maximumRange)"
            )
        }
        return (from...through).map { .uid($0) }
    }
}
