import Purging
import Synchronization

/// A connection that is opened anew when it was lost, and repeats what can be repeated.
///
/// Only for uses that may be repeated: reads, and transactions that check what they change.
final class SteadyConnection: Sendable {
    /// What a use has to know of the tries before it.
    struct Attempt: Sendable {
        /// An earlier try was cut off while committing, so what it wrote may stand.
        var mayHaveCommitted = false
    }

    private let connector: any SQLConnector
    private let options: ConnectionOptions
    private let resilience: Resilience
    private let connection: Mutex<(any SQLConnection)?>

    /// Connects when it is used first.
    init(_ connector: any SQLConnector, _ options: ConnectionOptions, _ resilience: Resilience) {
        connection = Mutex(nil)
        self.connector = connector
        self.options = options
        self.resilience = resilience
    }

    /// Throws ``StoreError``. A cancelled task finishes the try that it has begun, but waits for no other.
    func use<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession, Attempt) throws -> Result
    ) async throws -> Result {
        var attempt = Attempt()
        var trouble = Trouble(patience: resilience.patience)
        while true {
            do {
                let (connection, known) = (try await current(), attempt)
                let result = try await connection.withSession { try body($0, known) }
                if trouble.isLost { resilience.report("the database answers again") }
                return result
            } catch SQLError.busy(let text) {
                let pause = try trouble.busy(text, attempts: resilience.busyAttempts)
                try await wait(pause, orThrow: .failed(text))
            } catch SQLError.unreachable(let text) {
                try await waitOut(text, &trouble)
            } catch let unanswered as CommitUnanswered {
                attempt.mayHaveCommitted = true
                try await waitOut(unanswered.text, &trouble)
            } catch {
                throw storeError(error)
            }
        }
    }

    private func waitOut(_ text: String, _ trouble: inout Trouble) async throws {
        connection.withLock { $0 = nil }
        let isNew = !trouble.isLost
        let pause = try trouble.lost(text)
        if isNew { resilience.report("\(text); trying again for up to \(trouble.patience.components.seconds) s") }
        try await wait(pause, orThrow: .unreachable(text))
    }

    private func current() async throws -> any SQLConnection {
        if let open = connection.withLock({ $0 }) { return open }
        let fresh = try await Self.connect(connector, options)
        connection.withLock { $0 = fresh }
        return fresh
    }

    private static func connect(
        _ connector: any SQLConnector,
        _ options: ConnectionOptions
    ) async throws -> any SQLConnection {
        let connection = try await connector.connect(options)
        if options.needsPrimary { try await connection.withSession { try $0.checkPrimary() } }
        return connection
    }

    private func wait(_ pause: Duration, orThrow reason: StoreError) async throws {
        do {
            try await Task.sleep(for: pause)
        } catch {
            throw reason
        }
    }
}

/// What one use has met so far, and how long it pauses for it: doubled each time, and spread so that many workers don't
/// come back at once.
private struct Trouble {
    let patience: Duration
    private var lostSince: ContinuousClock.Instant?
    private var losses = 0
    private var timesBusy = 0

    init(patience: Duration) { self.patience = patience }

    var isLost: Bool { lostSince != nil }

    mutating func busy(_ text: String, attempts: Int) throws(StoreError) -> Duration {
        timesBusy += 1
        if timesBusy >= attempts { throw .failed("the database stayed busy: \(text)") }
        return Self.pause(timesBusy, first: .milliseconds(50), longest: .seconds(2))
    }

    mutating func lost(_ text: String) throws(StoreError) -> Duration {
        if patience <= .zero { throw .unreachable(text) }
        let since = lostSince ?? .now
        lostSince = since
        losses += 1
        if .now - since >= patience {
            throw .unreachable("\(text); gave up after \(patience.components.seconds) s")
        }
        return Self.pause(losses, first: .milliseconds(200), longest: .seconds(5))
    }

    private static func pause(_ repetition: Int, first: Duration, longest: Duration) -> Duration {
        min(first * (1 << min(repetition - 1, 16)), longest) * Double.random(in: 0.5...1)
    }
}
