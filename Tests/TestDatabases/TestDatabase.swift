package import DatabaseServers
import Databases
import Foundation
package import Sandbox
package import TokenserverStore

/// A Tokenserver's database for one test, made from nothing: a SQLite file, or a database on one of the servers that
/// all tests share.
package struct TestDatabase: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case sqlite
        case mariadb
        case mysql
        case postgres

        /// Those that are servers.
        package static let servers = allCases.filter { $0.server != nil }

        package var server: DatabaseServer.Kind? {
            switch self {
            case .sqlite: nil
            case .mariadb: .mariadb
            case .mysql: .mysql
            case .postgres: .postgres
            }
        }
    }

    package let kind: Kind
    /// For the program: its user has the privileges that the documentation names, and no others.
    package let url: String
    /// For the owner of the tables.
    package let ownerURL: String
    package let tokenserver: SandboxTokenserver

    package var connector: any SQLConnector { get throws { try Database.connector(url) } }

    package var ownerConnector: any SQLConnector { get throws { try Database.connector(ownerURL) } }

    /// Makes a database for the time of the body.
    ///
    /// - Parameter server: to make it on; else on the shared one.
    package static func with<Result>(
        _ kind: Kind,
        on server: DatabaseServer? = nil,
        grants: Grants = .purging,
        _ body: (TestDatabase) async throws -> Result
    ) async throws -> Result {
        guard let serverKind = kind.server else { return try await withFile(body) }
        let server = if let server { server } else { try await DatabaseServer.shared(serverKind) }
        let name = "tokenserver_\(UInt32.random(in: 0 ... .max))"
        let user = "purge_\(UInt32.random(in: 0 ... .max))"
        let administration = try Database.connector(
            server.url(database: serverKind == .postgres ? "postgres" : "mysql")
        )
        try await execute("CREATE DATABASE \(name)", administration)
        let ownerURL = server.url(database: name)
        let owner = try Database.connector(ownerURL)
        let tokenserver = try await SandboxTokenserver.create(connector: owner)
        for statement in try grants.statements(for: serverKind, database: name, user: user, password: password) {
            try await execute(statement, owner)
        }
        let database = TestDatabase(
            kind: kind,
            url: server.url(database: name, user: user, password: password),
            ownerURL: ownerURL,
            tokenserver: tokenserver
        )
        let result: Result
        do {
            result = try await body(database)
        } catch {
            try? await drop(name, user, serverKind, administration)
            throw error
        }
        try await drop(name, user, serverKind, administration)
        return result
    }

    /// The password of the program's user: whatever it must be quoted for in a URL, and unlike all else in a message.
    package static let password = "p@ss:/wörd?#%"

    /// From now on the database refuses to delete records, with these words.
    ///
    /// - Parameter uids: which ones; nil for all.
    package func refuseDeletions(_ words: String, ofUIDs uids: [Int64]? = nil) async throws {
        let condition = uids.map { "OLD.uid IN (\($0.map(String.init).joined(separator: ", ")))" } ?? "1 = 1"
        switch kind {
        case .sqlite:
            try await tokenserver.execute(
                """
                CREATE TRIGGER refuse BEFORE DELETE ON users WHEN \(sql: condition) \
                BEGIN SELECT RAISE(ABORT, '\(sql: words)'); END
                """
            )
        case .mariadb, .mysql:
            try await tokenserver.execute(
                """
                CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW IF \(sql: condition) THEN \
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '\(sql: words)'; END IF
                """
            )
        case .postgres:
            try await tokenserver.execute(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN RAISE EXCEPTION '\(sql: words)'; END $$
                """
            )
            try await tokenserver.execute(
                """
                CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW WHEN (\(sql: condition)) \
                EXECUTE FUNCTION refuse()
                """
            )
        }
    }

    package func allowDeletions() async throws {
        try await tokenserver.execute(kind == .postgres ? "DROP TRIGGER refuse ON users" : "DROP TRIGGER refuse")
    }

    private static func withFile<Result>(_ body: (TestDatabase) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokenserver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = "sqlite://\(folder.appending(path: "tokenserver.db").path)"
        let tokenserver = try await SandboxTokenserver.create(
            connector: try Database.connector(url, createsFile: true)
        )
        return try await body(TestDatabase(kind: .sqlite, url: url, ownerURL: url, tokenserver: tokenserver))
    }

    private static func drop(
        _ name: String,
        _ user: String,
        _ kind: DatabaseServer.Kind,
        _ administration: any SQLConnector
    ) async throws {
        switch kind {
        case .mariadb, .mysql:
            try await execute("DROP DATABASE \(name)", administration)
            try await execute("DROP USER '\(user)'@'%'", administration)
        case .postgres:
            try await execute("DROP DATABASE \(name) WITH (FORCE)", administration)
            try await execute("DROP ROLE \(user)", administration)
        }
    }

    private static func execute(_ statement: String, _ connector: any SQLConnector) async throws {
        let connection = try await connector.connect(ConnectionOptions(readOnly: false))
        _ = try await connection.withSession { try $0.execute(SQLStatement(stringLiteral: statement)) }
    }
}

/// The privileges that the documentation names, as its files state them.
package enum Grants: Sendable {
    case purging
    case readOnly
    /// The statements of both files, one after the other.
    case readOnlyThenPurging
    /// All but one statement's, for a look at what is said then.
    case allBut(String)

    func statements(
        for kind: DatabaseServer.Kind,
        database: String,
        user: String,
        password: String
    ) throws -> [String] {
        if case .readOnlyThenPurging = self {
            return try [Grants.readOnly, .purging].flatMap {
                try $0.statements(for: kind, database: database, user: user, password: password)
            }
        }
        let name = kind == .postgres ? "postgres" : "mysql"
        let suffix = if case .readOnly = self { "-read-only" } else { "" }
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/grants/\(name)\(suffix).sql").standardized
        let text = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: " ")
            .replacing("tokenserver.", with: "\(database).")
            .replacing("'purge'", with: "'\(user)'").replacing("ROLE purge", with: "ROLE \(user)")
            .replacing("TO purge", with: "TO \(user)").replacing("choose a password", with: password)
        // A block between $$ is one statement, whatever it holds.
        let parts = text.components(separatedBy: "$$").enumerated().map { index, part in
            index.isMultiple(of: 2) ? part : "$$\(part.replacing(";", with: "\u{0}"))$$"
        }
        var statements = parts.joined().split(separator: ";").map {
            $0.replacing("\u{0}", with: ";").trimmingCharacters(in: .whitespaces)
        }
        if case .allBut(let part) = self { statements.removeAll { $0.contains(part) } }
        return statements.filter { !$0.isEmpty }
    }
}
