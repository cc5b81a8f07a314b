import DatabaseServers
import Foundation
import MySQLDriver
import Testing
import TokenserverStore

/// A database, with an account whose password needs quoting everywhere, on the server that all tests share.
enum Fixture {
    /// The servers that speak MySQL's protocol.
    static let kinds: [DatabaseServer.Kind] = [.mariadb, .mysql]
    static let password = "p@ss:/wörd?#%&"

    static func connect(
        _ url: String,
        readOnly: Bool = false,
        statementTimeout: Duration = .seconds(30)
    ) async throws -> any SQLConnection {
        try await MySQLConnector(url: url)
            .connect(ConnectionOptions(readOnly: readOnly, statementTimeout: statementTimeout))
    }

    /// Makes a database for the time of the body, which gets the URL of one who may do everything in it.
    static func withDatabase(
        _ kind: DatabaseServer.Kind,
        on server: DatabaseServer? = nil,
        _ body: (_ url: String, _ server: DatabaseServer) async throws -> Void
    ) async throws {
        let server = if let server { server } else { try await DatabaseServer.shared(kind) }
        let name = "driver_\(UInt32.random(in: 0 ... .max))"
        let administration = try await connect(server.url(database: "mysql"))
        try await administration.run("CREATE DATABASE \(sql: name)")
        try await body(server.url(database: name), server)
        try await administration.run("DROP DATABASE \(sql: name)")
    }

    /// The error of connecting; records an issue if there is none.
    static func refusal(
        _ url: String,
        readOnly: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async -> SQLError? {
        await error(sourceLocation) { _ = try await connect(url, readOnly: readOnly) }
    }

    /// The ``SQLError`` of the body, checked to be one line without a password; records an issue if there is none.
    static func error(
        _ sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async -> SQLError? {
        do {
            try await body()
            Issue.record("nothing was thrown", sourceLocation: sourceLocation)
        } catch let error as SQLError {
            #expect(!error.description.contains(password), sourceLocation: sourceLocation)
            #expect(!error.description.contains("hunter2"), sourceLocation: sourceLocation)
            #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
            return error
        } catch {
            Issue.record("not an SQLError: \(error)", sourceLocation: sourceLocation)
        }
        return nil
    }
}

extension SQLConnection {
    @discardableResult
    func run(_ statement: SQLStatement) async throws -> Int {
        try await withSession { try $0.execute(statement) }
    }

    func rows(_ statement: SQLStatement) async throws -> [SQLRow] {
        try await withSession { try $0.query(statement) }
    }

    func text(_ statement: SQLStatement) async throws -> String {
        try #require(try await rows(statement).first).text(0)
    }

    func integer(_ statement: SQLStatement) async throws -> Int64 {
        try #require(try await rows(statement).first).integer(0)
    }
}

extension SQLError {
    enum Kind: Equatable { case busy, interrupted, unreachable, refused, denied, failed }

    var kind: Kind {
        switch self {
        case .busy: .busy
        case .interrupted: .interrupted
        case .unreachable: .unreachable
        case .refused: .refused
        case .denied: .denied
        case .failed: .failed
        }
    }
}
