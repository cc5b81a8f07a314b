import GRDB
import TokenserverStore

/// A SQLite connection in use. Statements are prepared once and kept.
struct SQLiteSession: SQLSession {
    let database: Database

    var dialect: Dialect { .sqlite }

    /// Takes the write lock at once, if there is one to take: an upgrade from reading could fail with no way to wait.
    func begin() throws { _ = try execute(database.configuration.readonly ? "BEGIN" : "BEGIN IMMEDIATE") }

    func rollBack() throws { if database.isInsideTransaction { _ = try execute("ROLLBACK") } }

    func query(_ statement: SQLStatement) throws -> [SQLRow] {
        try classified {
            let prepared = try database.cachedStatement(sql: statement.text(for: dialect))
            let cursor = try Row.fetchCursor(prepared, arguments: StatementArguments(statement.bindings.map(\.bound)))
            var rows: [SQLRow] = []
            while let row = try cursor.next() {
                rows.append(SQLRow(row.databaseValues.map(SQLValue.init)))
            }
            return rows
        }
    }

    func execute(_ statement: SQLStatement) throws -> Int {
        try classified {
            let prepared = try database.cachedStatement(sql: statement.text(for: dialect))
            try prepared.execute(arguments: StatementArguments(statement.bindings.map(\.bound)))
            return database.changesCount
        }
    }

    /// What SQLite says of an error, with its code and without the statement or its values.
    static func text(_ error: DatabaseError) -> String {
        "\(error.message ?? "no message") (SQLite error \(error.extendedResultCode.rawValue))"
    }

    private func classified<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            let text = Self.text(error)
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: throw SQLError.busy(text)
            case .SQLITE_INTERRUPT: throw SQLError.interrupted
            // The file, its folder or its disk: what somebody may just be mending.
            case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_PERM, .SQLITE_FULL: throw SQLError.unreachable(text)
            case .SQLITE_READONLY where !database.configuration.readonly: throw SQLError.unreachable(text)
            default: throw SQLError.failed(text)
            }
        }
    }
}

extension SQLValue {
    fileprivate var bound: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .text(let value): value.databaseValue
        }
    }

    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let integer): self = .integer(integer)
        // SQLite gives a column any type; a whole number stored as a real is still that number.
        case .double(let real): self = Int64(exactly: real).map(SQLValue.integer) ?? .text(String(real))
        case .string(let text): self = .text(text)
        case .blob(let data): self = .text(String(decoding: data, as: UTF8.self))
        }
    }
}
