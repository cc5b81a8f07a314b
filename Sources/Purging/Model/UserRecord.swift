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
    package var createdAt: Milliseconds
    /// Null (nil) while the record is active. It can be backdated, and a deferral moves it.
    package var replacedAt: Milliseconds?
    package var nodeID: NodeID

    package init(
        uid: UID,
        email: AccountEmail,
        generation: Int64,
        keysChangedAt: Int64?,
        clientState: String,
        createdAt: Milliseconds,
        replacedAt: Milliseconds?,
        nodeID: NodeID
    ) {
        self.uid = uid
        self.email = email
        self.generation = generation
        self.keysChangedAt = keysChangedAt
        self.clientState = clientState
        self.createdAt = createdAt
        self.replacedAt = replacedAt
        self.nodeID = nodeID
    }

    package var isActive: Bool { replacedAt == nil }

    /// Whether this record was active when its account was deleted.
    package var isTombstone: Bool { generation == Self.retiredGeneration }

    /// Whether the key under which the data lies on account-keyed storage can no longer be rebuilt: it was made from
    /// the generation, and that was overwritten.
    package var isUnaddressable: Bool { isTombstone && (keysChangedAt ?? 0) == 0 }

    /// The spellings of `fxa_kid` under which the record's data can lie, the usual one first; nil if `client_state`
    /// is not hex, so that no key can be made.
    package var keys: [KeyID]? {
        ClientState(hex: clientState).map {
            KeyID.spellings(generation: generation, keysChangedAt: keysChangedAt, clientState: $0)
        }
    }
}
