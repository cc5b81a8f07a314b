package import Purging
import SyncTokens
import TokenserverStore

/// A row of `users`, with everything in the open.
package struct SandboxRecord: Sendable, Equatable {
    package var uid: Int64
    package var email: String
    package var generation: Int64
    package var keysChangedAt: Int64?
    package var clientState: String
    package var createdAt: Int64
    package var replacedAt: Int64?
    package var node: NodeID

    package init(
        uid: Int64,
        email: String,
        generation: Int64,
        keysChangedAt: Int64?,
        clientState: String,
        createdAt: Int64,
        replacedAt: Int64? = nil,
        node: NodeID
    ) {
        self.uid = uid
        self.email = email
        self.generation = generation
        self.keysChangedAt = keysChangedAt
        self.clientState = clientState
        self.createdAt = createdAt
        self.replacedAt = replacedAt
        self.node = node
    }

    /// Reads the columns uid, email, generation, keys_changed_at, client_state, created_at, replaced_at, nodeid.
    init(_ row: SQLRow) throws {
        self.init(
            uid: try row.integer(0),
            email: try row.text(1),
            generation: try row.integer(2),
            keysChangedAt: try row.optionalInteger(3),
            clientState: try row.text(4),
            createdAt: try row.integer(5),
            replacedAt: try row.optionalInteger(6),
            node: NodeID(try row.integer(7))
        )
    }

    static func insertStatement(_ records: ArraySlice<SandboxRecord>, service: Int64) -> SQLStatement {
        var rows: SQLStatement = ""
        for (index, record) in records.enumerated() {
            let comma: SQLStatement = index == 0 ? "" : ", "
            rows = "\(rows)\(comma)\(record.row(service: service))"
        }
        return """
            INSERT INTO users (uid, service, email, generation, keys_changed_at, client_state, created_at, \
            replaced_at, nodeid) VALUES \(rows)
            """
    }

    private func row(service: Int64) -> SQLStatement {
        """
        (\(uid), \(service), \(email), \(generation), \(SQLValue(keysChangedAt)), \(clientState), \
        \(createdAt), \(SQLValue(replacedAt)), \(node.rawValue))
        """
    }

    /// The record as the program sees it.
    package var userRecord: UserRecord {
        UserRecord(
            uid: UID(uid),
            email: AccountEmail(email),
            generation: generation,
            keysChangedAt: keysChangedAt,
            clientState: clientState,
            createdAt: Timestamp(createdAt),
            replacedAt: replacedAt.map { Timestamp($0) },
            nodeID: node
        )
    }

    /// Under which names the data of this record is stored on a node; two where it may lie under either spelling.
    package func owners(_ keying: DataKeying) -> [DataOwner] {
        switch keying {
        case .uid: return [.uid(uid)]
        case .account:
            let account = userRecord.email.fxaUID
            return (userRecord.keys ?? []).map { .account(fxaUID: account, keyID: $0.text) }
        }
    }
}

extension SQLValue {
    fileprivate init(_ integer: Int64?) { self = integer.map(SQLValue.integer) ?? .null }
}
