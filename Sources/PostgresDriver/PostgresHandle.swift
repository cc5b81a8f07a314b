import CLibPQ
import Foundation
import TokenserverStore

/// An open connection of libpq.
///
/// Unchecked because libpq's object is mutable and not thread-safe: everything here but ``cancellation`` is used on the
/// connection's own queue only, one use after the other.
final class PostgresHandle: @unchecked Sendable {
    /// How much longer than the server's own limit an answer may take before the server counts as dead.
    private static let patience = Duration.seconds(5)
    /// TLS may hold back bytes that poll doesn't see, so libpq is asked now and then in any case.
    private static let longestPoll = Duration.seconds(1)

    let cancellation: PostgresCancellation
    private let name: String
    private let options: ConnectionOptions
    /// Nil when closed.
    private var connection: OpaquePointer?
    /// Why the connection is of no more use.
    private var end: SQLError?

    /// - Parameter connection: open, and owned by this from now on.
    init(_ connection: OpaquePointer, name: String, options: ConnectionOptions) {
        self.connection = connection
        self.name = name
        self.options = options
        cancellation = PostgresCancellation(connection)
        // Else a server that reads nothing more could block a statement while it is being sent.
        PQsetnonblocking(connection, 1)
        // Further lines of an error repeat values.
        PQsetErrorVerbosity(connection, PQERRORS_TERSE)
        PQenterPipelineMode(connection)
    }

    deinit { PQfinish(connection) }

    func close() {
        PQfinish(connection)
        connection = nil
    }

    /// Runs the statement; blocks, but not for longer than the statement timeout and some seconds.
    ///
    /// Outside of a transaction, a session that only reads runs it in one of its own, which leaves nothing behind; one that
    /// may write runs it as it is.
    ///
    /// - Throws: ``SQLError``. A transaction that was begun before is then to be rolled back by the caller.
    func execute(_ statement: SQLStatement) throws -> PostgresResult {
        guard let connection, end == nil else { throw end ?? lost("it was closed") }
        guard options.readOnly, PQtransactionStatus(connection) == PQTRANS_IDLE else {
            return try run([statement], connection)[0]
        }
        let transaction = PostgresTransaction(options)
        do {
            return try run([transaction.begin, transaction.settings, statement, "COMMIT"], connection)[2]
        } catch {
            // Should it fail, the connection is of no more use, and the first error tells more.
            try? rollBack()
            throw error
        }
    }

    /// Begins a transaction with the settings that its statements need, in one round trip.
    func begin() throws {
        guard let connection, end == nil else { throw end ?? lost("it was closed") }
        let transaction = PostgresTransaction(options)
        do {
            _ = try run([transaction.begin, transaction.settings], connection)
        } catch SQLError.failed(let text) where text.contains("SQLSTATE 0A000") {
            // A standby begins no transaction that may write, and says so in its own language.
            throw lost(text)
        } catch {
            try? rollBack()
            throw error
        }
    }

    /// Ends the transaction that is open, if one is; a connection on which this fails is of no more use.
    func rollBack() throws {
        guard let connection, end == nil else { throw end ?? lost("it was closed") }
        if PQtransactionStatus(connection) == PQTRANS_IDLE { return }
        do {
            _ = try run(["ROLLBACK"], connection)
        } catch {
            throw lost("a transaction could not be rolled back: \(error)")
        }
    }

    /// Runs statements one after the other, up to the first that fails, in one round trip: unnamed ones, which leave nothing
    /// in the session.
    private func run(_ statements: [SQLStatement], _ connection: OpaquePointer) throws -> [PostgresResult] {
        let texts = statements.map { ($0.text(for: .postgres), $0.bindings) }
        for (text, values) in texts where text.utf8.contains(0) || values.contains(where: \.holdsNUL) {
            throw SQLError.failed("a value holds the character NUL, which PostgreSQL can't store")
        }
        cancellation.begin()
        defer { cancellation.finish() }
        for (text, values) in texts {
            let sent = withCStrings(values.map(\.bound)) {
                PQsendQueryParams(connection, text, Int32(values.count), values.map(\.typeID), $0, nil, nil, 0)
            }
            if sent != 1 { throw unsent(connection) }
        }
        if PQpipelineSync(connection) != 1 { throw unsent(connection) }
        return try results(connection, of: statements.count)
    }

    private func unsent(_ connection: OpaquePointer) -> SQLError {
        let text = PostgresErrors.oneLine(PQerrorMessage(connection))
        // What was sent before would be answered to the next statement.
        return lost(text)
    }

    /// Waits for all results of what was sent, so that the connection is ready for the next statement; returns them, or
    /// throws the first error.
    private func results(_ connection: OpaquePointer, of count: Int) throws -> [PostgresResult] {
        let deadline = ContinuousClock.now + options.statementTimeout + Self.patience
        var results: [PostgresResult] = []
        var failed: PostgresResult?
        var loss: String?
        var isOver = false
        var ends = 0
        // The results of each statement end in a null; behind the last one comes the end of all.
        while !isOver, ends <= count {
            try wait(for: connection, until: deadline)
            // What libpq says after that is about its own closed socket only.
            if loss == nil, PQstatus(connection) != CONNECTION_OK {
                loss = PostgresErrors.oneLine(PQerrorMessage(connection))
            }
            guard let pointer = PQgetResult(connection) else {
                ends += 1
                continue
            }
            let result = PostgresResult(pointer)
            switch PQresultStatus(pointer) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: results.append(result)
            case PGRES_PIPELINE_SYNC: isOver = true
            case PGRES_PIPELINE_ABORTED: break
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw lost("COPY is not used here")
            default: failed = failed ?? result
            }
        }
        if loss == nil, PQstatus(connection) != CONNECTION_OK {
            loss = PostgresErrors.oneLine(PQerrorMessage(connection))
        }
        if let failed { throw failure(failed, loss) }
        guard loss == nil, isOver, results.count == count else { throw lost(loss ?? "the server said nothing") }
        return results
    }

    /// - Parameter loss: how the connection was lost meanwhile, if it was.
    private func failure(_ result: PostgresResult, _ loss: String?) -> SQLError {
        guard let state = result.sqlState else {
            return loss.map(lost) ?? SQLError.failed(PostgresErrors.oneLine(PQresultErrorMessage(result.pointer)))
        }
        let circumstances = PostgresErrors.Circumstances(
            name: name,
            isReadOnly: options.readOnly,
            wasInterrupted: cancellation.wasRequested
        )
        let error = PostgresErrors.classified(state, result.primaryMessage ?? "", circumstances)
        if case .unreachable = error {
            end = error
        } else if loss != nil {
            return lost(error.description)
        }
        return error
    }

    /// Until a result can be taken without blocking.
    private func wait(for connection: OpaquePointer, until deadline: ContinuousClock.Instant) throws {
        while true {
            let unsent = PQflush(connection)
            // An error in sending is told by the result, behind what the server may have said before it hung up.
            if unsent <= 0, PQisBusy(connection) == 0 { return }
            let left = deadline - .now
            if left <= .zero {
                let error = lost("it gave no answer in time")
                // Who says nothing needs no goodbye, which could block too.
                shutdown(PQsocket(connection), Int32(SHUT_RDWR))
                close()
                throw error
            }
            var descriptor = pollfd(
                fd: PQsocket(connection),
                events: Int16(POLLIN) | (unsent == 1 ? Int16(POLLOUT) : 0),
                revents: 0
            )
            poll(&descriptor, 1, Int32(min(left, Self.longestPoll) / .milliseconds(1)) + 1)
            if PQconsumeInput(connection) == 0, PQstatus(connection) != CONNECTION_OK { return }
        }
    }

    /// Marks the connection as of no more use.
    private func lost(_ reason: String) -> SQLError {
        let error = SQLError.unreachable("lost the connection to the \(name): \(reason)")
        end = error
        return error
    }
}

extension SQLValue {
    /// PostgreSQL's own numbers of its types int8 and text; 0 leaves the type to the server.
    fileprivate var typeID: Oid {
        switch self {
        case .null: 0
        case .integer: 20
        case .text: 25
        }
    }

    fileprivate var bound: String? {
        switch self {
        case .null: nil
        case .integer(let value): String(value)
        case .text(let value): value
        }
    }

    fileprivate var holdsNUL: Bool {
        if case .text(let text) = self { text.utf8.contains(0) } else { false }
    }
}
