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
    private static let rowsPerStatement = 100

    private let connection: any SQLConnection

    /// Making indexes on large tables takes its time.
    private static let options = ConnectionOptions(readOnly: false, statementTimeout: .seconds(600))

    /// Opens a database that has its tables already.
    package init(connector: any SQLConnector) async throws {
        connection = try await connector.connect(Self.options)
    }

    /// Whether the database has the tables already.
    package static func exists(_ connector: any SQLConnector) async throws -> Bool {
        let connection = try await connector.connect(options)
        return await connection.hasTables()
    }

    /// Makes the tables, and the service's row.
    package static func create(connector: any SQLConnector) async throws -> SandboxTokenserver {
        let tokenserver = try await SandboxTokenserver(connector: connector)
        try await tokenserver.connection.withSession { session in
            for statement in SandboxSchema.statements(for: session.dialect) {
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
            try session.inOneTransaction {
                for node in nodes {
                    try session.execute(
                        """
                        INSERT INTO nodes (id, service, node, available, current_load, capacity, downed, backoff) \
                        VALUES (\(node.id.rawValue), \(Self.service), \(node.url), \(node.available), \
                        \(node.currentLoad), \(node.capacity), \(node.downed), \(node.backoff))
                        """
                    )
                }
                try session.moveIdentity(of: "nodes", "id")
            }
        }
    }

    package func insert(_ records: [SandboxRecord]) async throws {
        try await connection.withSession { session in
            try session.inOneTransaction {
                for start in stride(from: 0, to: records.count, by: Self.rowsPerStatement) {
                    let some = records[start..<min(start + Self.rowsPerStatement, records.count)]
                    try session.execute(SandboxRecord.insertStatement(some, service: Self.service))
                }
                try session.moveIdentity(of: "users", "uid")
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

extension SQLConnection {
    fileprivate func hasTables() async -> Bool {
        do {
            _ = try await withSession { try $0.query("SELECT uid FROM users LIMIT 0") }
            return true
        } catch {
            return false
        }
    }
}

extension SQLSession {
    fileprivate func inOneTransaction(_ body: () throws -> Void) throws {
        try begin()
        do {
            try body()
            try execute("COMMIT")
        } catch {
            _ = try? execute("ROLLBACK")
            throw error
        }
    }

    /// PostgreSQL's identity columns don't notice ids that were given.
    fileprivate func moveIdentity(of table: String, _ column: String) throws {
        guard dialect.name == .postgres else { return }
        _ = try query(
            """
            SELECT setval(pg_get_serial_sequence('\(sql: table)', '\(sql: column)'), \
            (SELECT COALESCE(MAX(\(sql: column)), 1) FROM \(sql: table)))
            """
        )
    }
}
