package import Purging

extension UserRecord {
    /// A record of the user `<user>@example.com` on node 1, unless told otherwise; active if `replacedAt` is nil.
    ///
    /// - Parameter createdAt: the later the greater the uid is, unless told otherwise.
    package static func of(
        _ user: String,
        uid: Int64,
        generation: Int64 = 1000,
        keysChangedAt: Int64? = 1000,
        clientState: String = "aabb",
        createdAt: Int64? = nil,
        replacedAt: Int64?,
        node: Int64 = 1
    ) -> UserRecord {
        UserRecord(
            uid: UID(uid),
            email: AccountEmail("\(user)@example.com"),
            generation: generation,
            keysChangedAt: keysChangedAt,
            clientState: clientState,
            createdAt: Timestamp(createdAt ?? 1000 + uid),
            replacedAt: replacedAt.map { Timestamp($0) },
            nodeID: NodeID(node)
        )
    }

    /// A replaced record of a user of its own.
    package static func obsolete(uid: Int64, replacedAt: Int64 = 5000, node: Int64 = 1) -> UserRecord {
        .of("user\(uid)", uid: uid, replacedAt: replacedAt, node: node)
    }

    /// The last record of a deleted account.
    package static func tombstone(
        _ user: String,
        uid: Int64,
        keysChangedAt: Int64? = 1000,
        replacedAt: Int64 = 5000,
        node: Int64 = 1
    ) -> UserRecord {
        .of(
            user,
            uid: uid,
            generation: UserRecord.retiredGeneration,
            keysChangedAt: keysChangedAt,
            replacedAt: replacedAt,
            node: node
        )
    }
}
