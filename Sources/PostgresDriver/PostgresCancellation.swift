import CLibPQ
import Synchronization

/// Which statement of a connection runs now, and who asked to end it. May be used from any thread.
final class PostgresCancellation: Sendable {
    private struct State {
        var started = 0
        var isRunning = false
        var cancelled = 0
        var underWay = 0
        var last: ContinuousClock.Instant?
    }

    /// A request may reach the server just after the statement it was meant for, and so end the next one.
    private static let straggling = Duration.seconds(1)

    /// libpq lets this one of its objects be used by several threads.
    private nonisolated(unsafe) let canceller: OpaquePointer?
    private let state = Mutex(State())

    /// - Parameter connection: only looked at here, not kept.
    init(_ connection: OpaquePointer) { canceller = PQgetCancel(connection) }

    deinit { PQfreeCancel(canceller) }

    /// The number of the statement that runs now, if one does.
    var running: Int? { state.withLock { $0.isRunning ? $0.started : nil } }

    func begin() {
        state.withLock { state in
            state.started += 1
            state.isRunning = true
        }
    }

    func finish() { state.withLock { $0.isRunning = false } }

    /// Whether it was us who ended the statement that was begun last, if the server says that somebody did.
    var wasRequested: Bool {
        state.withLock { state in
            if state.cancelled == state.started || state.underWay > 0 { return true }
            guard let last = state.last else { return false }
            return .now - last < Self.straggling
        }
    }

    /// Asks the server, on another connection, to end the statement; blocks. Does nothing if it is over.
    func cancel(_ statement: Int) {
        let isNeeded = state.withLock { state in
            guard state.isRunning, state.started == statement else { return false }
            state.cancelled = statement
            state.underWay += 1
            return true
        }
        guard isNeeded else { return }
        var text = [CChar](repeating: 0, count: 256)
        PQcancel(canceller, &text, Int32(text.count))
        state.withLock { state in
            state.underWay -= 1
            state.last = .now
        }
    }
}
