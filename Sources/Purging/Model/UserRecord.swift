package import SyncTokens

/// One row of `users`, as far as purging needs it.
package struct UserRecord: Sendable {
    /// The generation with which Tokenserver overwrites a record when its account is deleted.
    package static let retiredGeneration = Int64.max

    package var uid: UID
    package var email: AccountEmail
    package var generation: Int64
    package var keysChangedAt: Int64?
    package var clientState: String
    package var createdAt: Timestamp
    /// Null (nil) while the record is active. It can be backdated, and a deferral moves it.
    package var replacedAt: Timestamp?
    package var nodeID: NodeID
    /// The column that holds what Tokenserver's schema forbids, and what that is, such as "nodeid is NULL"; nil if all of them
    /// are well. Where a column is not, its property above says nothing.
    package var malformation: String?

    package init(
        uid: UID,
        email: AccountEmail,
        generation: Int64,
        keysChangedAt: Int64?,
        clientState: String,
        createdAt: Timestamp,
        replacedAt: Timestamp?,
        nodeID: NodeID,
        malformation: String? = nil
    ) {
        self.uid = uid
        self.email = email
        self.generation = generation
        self.keysChangedAt = keysChangedAt
        self.clientState = clientState
        self.createdAt = createdAt
        self.replacedAt = replacedAt
        self.nodeID = nodeID
        self.malformation = malformation
    }

    package var isActive: Bool { replacedAt == nil }

    /// Whether this record was active when its account was deleted.
    package var isTombstone: Bool { generation == Self.retiredGeneration }

    /// Whether the key under which the data lies on account-keyed storage can no longer be rebuilt: it was made from
    /// the generation, and that was overwritten.
    var isUnaddressable: Bool { isTombstone && (keysChangedAt ?? 0) == 0 }

    /// The spellings of `fxa_kid` under which the record's data can lie, the usual one first; nil if `client_state`
    /// is not hex, so that no key can be made.
    package var keys: [KeyID]? {
        ClientState(hex: clientState).map {
            KeyID.spellings(generation: generation, keysChangedAt: keysChangedAt, clientState: $0)
        }
    }
}
