import DatabaseServers
import Foundation
import Testing
import TokenserverStore

@testable import PostgresDriver

/// Short ways to a connection of the server that all tests share.
enum Postgres {
    static func url(_ parameters: String = "") async throws -> String {
        try await DatabaseServer.shared(.postgres).url(database: "postgres", parameters: parameters)
    }

    static func connect(
        readOnly: Bool = false,
        statementTimeout: Duration = .seconds(30),
        parameters: String = ""
    ) async throws -> any SQLConnection {
        try await connect(url(parameters), readOnly: readOnly, statementTimeout: statementTimeout)
    }

    static func connect(
        _ url: String,
        readOnly: Bool = false,
        statementTimeout: Duration = .seconds(30)
    ) async throws -> any SQLConnection {
        try await PostgresConnector(url: url)
            .connect(ConnectionOptions(readOnly: readOnly, statementTimeout: statementTimeout))
    }

    /// What a connection to the URL fails with.
    static func failure(_ url: String) async -> SQLError? {
        do {
            _ = try await connect(url)
            Issue.record("connected")
            return nil
        } catch {
            return error as? SQLError
        }
    }

    /// A name for a table or role that no other test uses.
    static func freshName(_ kind: String) -> String { "\(kind)_\(UInt32.random(in: 0 ... .max))" }

    /// Runs the body with a table of two columns and rows (1, 0) and (2, 0).
    static func withTable(_ body: (String) async throws -> Void) async throws {
        let table = freshName("table")
        let owner = try await connect()
        try await owner.execute("CREATE TABLE \(sql: table) (id INT PRIMARY KEY, value INT)")
        try await owner.execute("INSERT INTO \(sql: table) VALUES (1, 0), (2, 0)")
        try await body(table)
        try await owner.execute("DROP TABLE \(sql: table)")
    }
}

extension SQLConnection {
    func query(_ statement: SQLStatement) async throws -> [SQLRow] {
        try await withSession { try $0.query(statement) }
    }

    @discardableResult
    func execute(_ statement: SQLStatement) async throws -> Int {
        try await withSession { try $0.execute(statement) }
    }

    /// What the statement fails with.
    func failure(_ statement: SQLStatement) async -> SQLError? {
        do {
            try await execute(statement)
            return nil
        } catch {
            return error as? SQLError
        }
    }

    func processID() async throws -> Int64 {
        try #require(try await query("SELECT pg_backend_pid()").first).integer(0)
    }

    /// Until this other connection's statement waits for what is named: Lock, Timeout (a sleep).
    func waitUntil(_ process: Int64, waitsFor event: String) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let rows = try await query(
                "SELECT 1 FROM pg_stat_activity WHERE pid = \(process) AND wait_event_type = \(event)"
            )
            if !rows.isEmpty { return }
            await Task.yield()
        }
        Issue.record("the process never waited for \(event)")
    }
}

extension SQLError? {
    var isBusy: Bool { if case .busy = self { true } else { false } }
    var isUnreachable: Bool { if case .unreachable = self { true } else { false } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
    var isFailed: Bool { if case .failed = self { true } else { false } }
}
