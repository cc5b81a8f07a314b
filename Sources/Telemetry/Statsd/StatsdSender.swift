import Dispatch
package import Logging
import Synchronization

/// Sends metrics to a statsd collector, as UDP datagrams, and never disturbs what it tells of.
///
/// Once a second it asks for what is to be sent, and only while the collector's address is known: so whoever counts may count
/// on, and nothing is lost before. What can't be delivered is lost and counted, and the first trouble is logged, once. The
/// collector's name is looked up on a thread of its own, again every 30 seconds while that fails or datagrams don't get
/// through.
package final class StatsdSender: Sendable {
    private static let flushInterval = Duration.seconds(1)
    private static let patienceOnClosing = Duration.seconds(1)

    private let host: String
    private let port: UInt16
    private let logger: Logger
    private let lines: @Sendable () -> [String]
    private let open: @Sendable () throws(TelemetryError) -> any DatagramSending
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let threadThatMayBlock = DispatchQueue(label: "statsd.lookup")
    private let link = Mutex(StatsdLink())
    /// Those who wait for the attempt under way; empty when there is none.
    private let waiting = Mutex<[AsyncStream<Never>.Continuation]>([])

    /// Opens nothing and looks nothing up yet.
    ///
    /// - Parameter lines: what is to be sent since it was asked last, in the protocol's spelling. Never called twice at once.
    package convenience init<C: Clock>(
        host: String,
        port: UInt16,
        logger: Logger,
        clock: C = ContinuousClock(),
        lines: @escaping @Sendable () -> [String]
    ) where C.Duration == Duration {
        self.init(
            host: host,
            port: port,
            logger: logger,
            clock: clock,
            lines: lines
        ) { () throws(TelemetryError) in try DatagramSocket(host: host, port: port) }
    }

    init<C: Clock>(
        host: String,
        port: UInt16,
        logger: Logger,
        clock: C,
        lines: @escaping @Sendable () -> [String],
        open: @escaping @Sendable () throws(TelemetryError) -> any DatagramSending
    ) where C.Duration == Duration {
        let start = clock.now
        self.host = host
        self.port = port
        self.logger = logger
        self.lines = lines
        self.open = open
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
    }

    /// How many lines are known to be lost.
    var droppedCount: Int { link.withLock { $0.dropped } }

    /// Looks the collector up and flushes every second, until cancelled; then flushes once more and returns.
    package func run() async {
        while !Task.isCancelled {
            if link.withLock({ $0.isAttemptDue(at: elapsed()) }) {
                await findCollector()
            }
            flush()
            do {
                try await sleep(Self.flushInterval)
            } catch {
                break
            }
        }
        flush()
    }

    /// Sends what there is to send, without waiting. Leaves it where it is as long as the collector has not been found.
    func flush() {
        let failure = link.withLock { link in link.isOpen ? link.send(lines()) : nil }
        if let failure { warn(of: failure) }
    }

    /// Sends what is left.
    ///
    /// Waits for the collector's first lookup, so that a short run's metrics arrive too, but a second at most.
    package func close() async {
        if !link.withLock({ $0.hasBeenTried }) {
            await withTaskGroup { group in
                group.addTask { await self.findCollector() }
                group.addTask { try? await self.sleep(Self.patienceOnClosing) }
                await group.next()
                group.cancelAll()
            }
        }
        flush()
    }

    /// Returns when the attempt under way, or a new one, has ended, or when the task is cancelled.
    private func findCollector() async {
        let (end, signal) = AsyncStream<Never>.makeStream()
        let isFirst = waiting.withLock { waiting in
            waiting.append(signal)
            return waiting.count == 1
        }
        if isFirst {
            threadThatMayBlock.async { self.attempt() }
        }
        for await _ in end {}
    }

    private func attempt() {
        let result = Result { () throws(TelemetryError) in try open() }
        if let failure = link.withLock({ $0.finishAttempt(result, at: elapsed()) }) {
            warn(of: failure)
        }
        let ended = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for signal in ended {
            signal.finish()
        }
    }

    private func warn(of failure: TelemetryError) {
        logger.warning(
            "Metrics cannot be delivered; this is not reported again",
            metadata: ["host": "\(host)", "port": "\(port)", "reason": "\(failure)"]
        )
    }
}
