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
    /// The names of prepared statements, by their text and the types of their values.
    private var prepared: [String: String] = [:]
    private var preparedCount = 0
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
    }

    deinit { PQfinish(connection) }

    func close() {
        PQfinish(connection)
        connection = nil
    }

    /// Runs the statement and takes its last result; blocks, but not for longer than the statement timeout and some
    /// seconds. Statements with values are prepared once and kept.
    func execute(_ statement: SQLStatement) throws -> PostgresResult {
        guard let connection, end == nil else { throw end ?? lost("it was closed") }
        let text = statement.text(for: .postgres)
        let values = statement.bindings
        guard !text.utf8.contains(0), !values.contains(where: \.holdsNUL) else {
            throw SQLError.failed("a value holds the character NUL, which PostgreSQL can't store")
        }
        cancellation.begin()
        defer { cancellation.finish() }
        if values.isEmpty { return try result(connection, sent: PQsendQuery(connection, text)) }
        return try executePrepared(text, values, connection)
    }

    private func executePrepared(
        _ text: String,
        _ values: [SQLValue],
        _ connection: OpaquePointer
    ) throws -> PostgresResult {
        // The same text with values of other types is another statement to the server.
        let key = values.map(\.typeLetter).joined() + text
        let name = try prepared[key] ?? prepare(text, values, connection)
        prepared[key] = name
        let sent = withCStrings(values.map(\.bound)) {
            PQsendQueryPrepared(connection, name, Int32(values.count), $0, nil, nil, 0)
        }
        do {
            return try result(connection, sent: sent)
        } catch let stale as StalePlan {
            prepared[key] = nil
            throw SQLError.busy(stale.text)
        }
    }

    private func prepare(_ text: String, _ values: [SQLValue], _ connection: OpaquePointer) throws -> String {
        let name = "purge_\(preparedCount)"
        preparedCount += 1
        let sent = PQsendPrepare(connection, name, text, Int32(values.count), values.map(\.typeID))
        do {
            _ = try result(connection, sent: sent)
        } catch let unsupported as StalePlan {
            throw SQLError.failed(unsupported.text)
        }
        return name
    }

    /// "Feature not supported": of a statement that could be prepared, this says that its table was altered since.
    private struct StalePlan: Error {
        let text: String
    }

    /// Waits for all results of what was sent, so that the connection is ready for the next statement; returns the
    /// last, or throws the first error.
    private func result(_ connection: OpaquePointer, sent: Int32) throws -> PostgresResult {
        guard sent == 1 else {
            let text = PostgresErrors.oneLine(PQerrorMessage(connection))
            throw PQstatus(connection) == CONNECTION_OK ? SQLError.failed(text) : lost(text)
        }
        let deadline = ContinuousClock.now + options.statementTimeout + Self.patience
        var last: PostgresResult?
        var failed: PostgresResult?
        var loss: String?
        while true {
            try wait(for: connection, until: deadline)
            // What libpq says after that is about its own closed socket only.
            if loss == nil, PQstatus(connection) != CONNECTION_OK {
                loss = PostgresErrors.oneLine(PQerrorMessage(connection))
            }
            guard let pointer = PQgetResult(connection) else { break }
            let result = PostgresResult(pointer)
            switch PQresultStatus(pointer) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: last = result
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw lost("COPY is not used here")
            default: failed = failed ?? result
            }
        }
        if loss == nil, PQstatus(connection) != CONNECTION_OK {
            loss = PostgresErrors.oneLine(PQerrorMessage(connection))
        }
        if let failed { throw failure(failed, loss) }
        guard loss == nil, let last else { throw lost(loss ?? "the server said nothing") }
        return last
    }

    /// - Parameter loss: how the connection was lost meanwhile, if it was.
    private func failure(_ result: PostgresResult, _ loss: String?) -> any Error {
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
        } else if state == "0A000" {
            return StalePlan(text: error.description)
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

    fileprivate var typeLetter: String {
        switch self {
        case .null: "n"
        case .integer: "i"
        case .text: "t"
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
