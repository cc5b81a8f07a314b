import CMariaDB
import Foundation
import Synchronization
import TokenserverStore

/// What a statement gave.
struct MySQLResult {
    var rows: [SQLRow] = []
    var changedRows = 0
    /// Their names; only of statements without values.
    var columns: [String] = []
}

/// Connector/C's connection. All but ``noteInterruption()`` is used on the connection's queue only, which is what makes
/// the unchecked sendability true.
final class MySQLHandle: @unchecked Sendable {
    /// What a look at the server's list of processes shows of every statement.
    private static let comment = "/* purge-old-records */ "
    private static let library: Int32 = mysql_server_init(0, nil, nil)

    /// The server's number of this connection.
    let id: UInt
    let product: MySQLProduct
    private let name: String
    private var connection: UnsafeMutablePointer<MYSQL>?
    private var prepared: [String: MySQLStatement] = [:]
    private let wasInterrupted = Mutex(false)
    private var end: SQLError?

    /// Whether it is given nothing but what reads.
    private let isReadOnly: Bool
    /// Whether the server, too, refuses to write: for those that must not, at the price of two more round trips for each use.
    private let readsInTransactions: Bool
    /// Whether the transaction that is open, if one is, was begun for a use of a connection that only reads.
    private var isOfUse = false

    /// Connects; blocks.
    init(_ url: MySQLURL, options: ConnectionOptions) throws {
        _ = Self.library
        isReadOnly = options.readOnly
        readsInTransactions = options.readOnly && !options.needsPrimary
        let connection = try MySQLConnecting(url: url, timeout: options.statementTimeout).connection()
        self.connection = connection
        id = UInt(mysql_thread_id(connection))
        product = MySQLProduct(connection)
        name = url.name(product)
    }

    deinit { close() }

    func close() {
        prepared.removeAll()
        if let connection { mysql_close(connection) }
        connection = nil
        end = end ?? .unreachable("the connection to the \(name) is closed")
    }

    /// From then on statements that are ended from outside count as interrupted: the second connection may reach the
    /// server only when the statement it was made for is over and another one runs.
    func noteInterruption() { wasInterrupted.withLock { $0 = true } }

    /// Begins a transaction.
    func begin() throws {
        try run(isReadOnly ? "START TRANSACTION READ ONLY" : "START TRANSACTION")
        isOfUse = false
    }

    /// A use of the connection. If that only reads, it ends the transaction in which the statements ran.
    func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            let result = try body()
            if isOfUse { try run("COMMIT") }
            isOfUse = false
            return result
        } catch {
            if isOfUse, end == nil { rollBack() }
            isOfUse = false
            throw error
        }
    }

    /// A connection on which this fails is of no more use.
    private func rollBack() {
        do {
            try run("ROLLBACK")
        } catch {
            end = end ?? .unreachable("a transaction could not be rolled back: \(error)")
        }
    }

    /// What a connection that only reads may run. The server refuses most else in a transaction that can't write, but ends
    /// that before it changes a table's form.
    private static let reading = ["SELECT ", "(SELECT ", "SHOW ", "EXPLAIN ", "COMMIT", "ROLLBACK"]

    /// Runs a statement; for those that only look, in a transaction that can't write: that is never a setting of the session,
    /// which behind a proxy somebody else may get. A purge's own reading connection does without.
    func execute(_ statement: SQLStatement) throws -> MySQLResult {
        if isReadOnly, case let text = statement.text(for: .mysql), !Self.reading.contains(where: text.hasPrefix) {
            throw SQLError.failed("a connection that only reads was given another statement: \(text.prefix(20))…")
        }
        if readsInTransactions, !isInTransaction {
            try begin()
            isOfUse = true
        }
        return try executeAsIs(statement)
    }

    /// Runs a statement without values, as it is.
    func run(_ text: String) throws { _ = try executeAsIs(SQLStatement(stringLiteral: text)) }

    private var isInTransaction: Bool {
        (connection?.pointee.server_status ?? 0) & UInt32(SERVER_STATUS_IN_TRANS) != 0
    }

    private func executeAsIs(_ statement: SQLStatement) throws -> MySQLResult {
        guard let connection, end == nil else { throw end ?? .unreachable("the \(name) is not connected") }
        let text = Self.comment + statement.text(for: .mysql)
        let values = statement.bindings
        do {
            return try values.isEmpty
                ? plain(text, connection) : preparedStatement(text, connection).execute(values)
        } catch let failure as StatementFailure {
            // An error may come amid a result. The library then takes the result for unread, and would wait for its end
            // before the statement's next execution; closing the statement waits for nothing.
            prepared[text] = nil
            let error = MySQLErrors.statement(
                failure.code,
                failure.message,
                on: name,
                product,
                wasInterrupted: wasInterrupted.withLock { $0 }
            )
            if case .unreachable = error { end = error }
            throw error
        }
    }

    private func preparedStatement(_ text: String, _ connection: UnsafeMutablePointer<MYSQL>) throws -> MySQLStatement {
        if let known = prepared[text] { return known }
        let statement = try MySQLStatement(text, connection)
        prepared[text] = statement
        return statement
    }

    /// Without values, by the text protocol, which takes every statement there is.
    private func plain(_ text: String, _ connection: UnsafeMutablePointer<MYSQL>) throws -> MySQLResult {
        guard mysql_real_query(connection, text, UInt(text.utf8.count)) == 0 else {
            throw StatementFailure(connection)
        }
        guard let stored = mysql_store_result(connection) else {
            if mysql_field_count(connection) != 0 { throw StatementFailure(connection) }
            return MySQLResult(changedRows: Int(clamping: mysql_affected_rows(connection)))
        }
        defer { mysql_free_result(stored) }
        let columns = Int(mysql_num_fields(stored))
        let fields = UnsafeBufferPointer(start: mysql_fetch_fields(stored), count: columns)
        var result = MySQLResult()
        result.columns = fields.map { String(cString: $0.name) }
        while let row = mysql_fetch_row(stored) {
            guard let lengths = mysql_fetch_lengths(stored) else { throw StatementFailure(connection) }
            result.rows.append(
                SQLRow(
                    (0..<columns).map { column in
                        guard let bytes = row[column] else { return .null }
                        let raw = UnsafeRawBufferPointer(start: bytes, count: Int(lengths[column]))
                        let text = String(decoding: raw, as: UTF8.self)
                        let field = fields[column]
                        let number = field.isInteger || field.isDecimal ? Int64(text) : nil
                        return number.map(SQLValue.integer) ?? .text(text)
                    }
                )
            )
        }
        return result
    }
}

/// An error as the library has it.
struct StatementFailure: Error {
    let code: UInt32
    let message: String

    init(_ connection: UnsafeMutablePointer<MYSQL>) {
        code = mysql_errno(connection)
        message = String(cString: mysql_error(connection))
    }

    init(statement: UnsafeMutablePointer<MYSQL_STMT>) {
        code = mysql_stmt_errno(statement)
        message = String(cString: mysql_stmt_error(statement))
    }
}

extension MYSQL_FIELD {
    var isInteger: Bool {
        switch type {
        case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG,
            MYSQL_TYPE_YEAR:
            true
        default: false
        }
    }

    var isDecimal: Bool { type == MYSQL_TYPE_DECIMAL || type == MYSQL_TYPE_NEWDECIMAL }
}
