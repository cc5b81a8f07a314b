package import Purging
package import TokenserverStore

/// A Tokenserver's database for trying and testing: made from nothing, with the tables and indexes of a real one, and
/// free access to every row.
package struct SandboxTokenserver: Sendable {
    /// A row of `nodes`, whole.
    package struct NodeRow: Sendable, Equatable {
        package var id: NodeID
        package var url: String
        package var available = 100
        package var currentLoad = 100
        package var capacity = 1000
        package var downed = 0
        package var backoff = 0

        package init(id: NodeID, url: String) {
            self.id = id
            self.url = url
        }
    }

    /// The id of the service; not 1, as it differs between databases.
    package static let service: Int64 = 4

    private let connection: any SQLConnection

    /// Opens a database that has its tables already.
    package init(connector: any SQLConnector) async throws {
        connection = try await connector.connect(readOnly: false)
    }

    /// Makes the tables, and the service's row.
    package static func create(connector: any SQLConnector) async throws -> SandboxTokenserver {
        let tokenserver = try await SandboxTokenserver(connector: connector)
        try await tokenserver.connection.withSession { session in
            for statement in SandboxSchema.sqlite {
                try session.execute(SQLStatement(stringLiteral: statement))
            }
            try session.execute(
                """
                INSERT INTO services (id, service, pattern) VALUES (\(service), \("sync-1.5"), \("{node}/1.5/{uid}"))
                """
            )
        }
        return tokenserver
    }

    package func insert(_ nodes: [NodeRow]) async throws {
        try await connection.withSession { session in
            try session.inTransaction(session.dialect.beginWriting) {
                for node in nodes {
                    try session.execute(
                        """
                        INSERT INTO nodes (id, service, node, available, current_load, capacity, downed, backoff) \
                        VALUES (\(node.id.rawValue), \(Self.service), \(node.url), \(node.available), \
                        \(node.currentLoad), \(node.capacity), \(node.downed), \(node.backoff))
                        """
                    )
                }
            }
        }
    }

    /// - Parameter email: of each record, as ``AccountEmail`` doesn't tell it.
    package func insert(_ records: [SandboxRecord]) async throws {
        try await connection.withSession { session in
            try session.inTransaction(session.dialect.beginWriting) {
                for record in records {
                    try session.execute(record.insertStatement(service: Self.service))
                }
            }
        }
    }

    package func nodes() async throws -> [NodeRow] {
        try await connection.withSession { session in
            try session.query(
                """
                SELECT id, node, available, current_load, capacity, downed, backoff FROM nodes ORDER BY id
                """
            ).map { row in
                var node = NodeRow(id: NodeID(try row.integer(0)), url: try row.text(1))
                node.available = Int(try row.integer(2))
                node.currentLoad = Int(try row.integer(3))
                node.capacity = Int(try row.integer(4))
                node.downed = Int(try row.integer(5))
                node.backoff = Int(try row.integer(6))
                return node
            }
        }
    }

    /// All records, by uid.
    package func records() async throws -> [SandboxRecord] {
        try await connection.withSession { session in
            try session.query(
                """
                SELECT uid, email, generation, keys_changed_at, client_state, created_at, replaced_at, nodeid \
                FROM users ORDER BY uid
                """
            ).map(SandboxRecord.init)
        }
    }

    /// How many records there are.
    package func recordCount() async throws -> Int {
        try await connection.withSession { session in
            Int(try session.query("SELECT COUNT(*) FROM users").first?.integer(0) ?? 0)
        }
    }

    /// Anything else that a test, or an operator, does to the database.
    package func execute(_ statement: SQLStatement) async throws {
        _ = try await connection.withSession { try $0.execute(statement) }
    }
}
