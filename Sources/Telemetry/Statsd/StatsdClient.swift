import Dispatch
package import Logging
import Synchronization

/// Sends metrics to a statsd collector that understands tags, as UDP datagrams, and never disturbs those who measure.
///
/// Measuring takes a lock for a moment and neither waits nor fails. What was measured is put together until the next
/// flush, which ``run()`` does every second; a full buffer is flushed at once. Whatever cannot be delivered is
/// dropped and counted, and the first trouble is logged, once. The collector's name is looked up on a thread of its
/// own, again every 30 seconds while that fails or datagrams don't get through.
package final class StatsdClient: Sendable {
    private static let flushInterval = Duration.seconds(1)
    private static let patienceOnClosing = Duration.seconds(1)

    private let host: String
    private let port: UInt16
    private let prefix: String
    private let logger: Logger
    private let open: @Sendable () throws(TelemetryError) -> any DatagramSending
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let threadThatMayBlock = DispatchQueue(label: "statsd.lookup")
    private let buffer: Mutex<StatsdBuffer>
    private let link = Mutex(StatsdLink())
    /// Those who wait for the attempt under way; empty when there is none.
    private let waiting = Mutex<[AsyncStream<Never>.Continuation]>([])

    /// Opens nothing and looks nothing up yet.
    ///
    /// - Parameter prefix: Put before all names, with a dot between.
    package convenience init<C: Clock>(
        host: String,
        port: UInt16,
        prefix: String,
        logger: Logger,
        clock: C = ContinuousClock()
    ) where C.Duration == Duration {
        self.init(host: host, port: port, prefix: prefix, logger: logger, clock: clock, buffer: StatsdBuffer()) {
            () throws(TelemetryError) in try DatagramSocket(host: host, port: port)
        }
    }

    init<C: Clock>(
        host: String,
        port: UInt16,
        prefix: String,
        logger: Logger,
        clock: C,
        buffer: StatsdBuffer,
        open: @escaping @Sendable () throws(TelemetryError) -> any DatagramSending
    ) where C.Duration == Duration {
        let start = clock.now
        self.host = host
        self.port = port
        self.prefix = prefix
        self.logger = logger
        self.open = open
        self.buffer = Mutex(buffer)
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
    }

    /// How many values and increments are known to be lost. A refused counter counts as often as it was refused.
    package var droppedCount: Int {
        let sending = link.withLock { $0.dropped }
        return sending + buffer.withLock { $0.dropped }
    }

    /// Names a metric, with the client's prefix. Worth keeping where a metric is recorded often.
    package func series(_ name: String, tags: [(String, String)] = []) -> StatsdSeries {
        StatsdSeries(prefix: prefix, name: name, tags: tags)
    }

    /// Adds to a counter. What was added between two flushes arrives as one sum.
    package func count(_ series: StatsdSeries, by amount: Int64 = 1) {
        add(.integer(amount), .counter, series)
    }

    /// Sets a gauge. Between two flushes the last value wins.
    package func gauge(_ series: StatsdSeries, _ value: some BinaryInteger) {
        add(.integer(Int64(clamping: value)), .gauge, series)
    }

    /// Sets a gauge. Between two flushes the last value wins; NaN and infinity are dropped.
    package func gauge(_ series: StatsdSeries, _ value: Double) {
        add(.real(value), .gauge, series)
    }

    /// Records a duration, sent in milliseconds.
    ///
    /// Beyond 1,000 of one series between two flushes an even selection arrives, with the share it makes up.
    package func time(_ series: StatsdSeries, nanoseconds: Int64) {
        add(StatsdNumber(millisecondsFromNanoseconds: nanoseconds), .timing, series)
    }

    /// Records a value of a distribution; thinned out as durations are.
    package func histogram(_ series: StatsdSeries, _ value: some BinaryInteger) {
        add(.integer(Int64(clamping: value)), .histogram, series)
    }

    /// Records a value of a distribution; thinned out as durations are. NaN and infinity are dropped.
    package func histogram(_ series: StatsdSeries, _ value: Double) {
        add(.real(value), .histogram, series)
    }

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

    /// Sends what was measured so far, without waiting. Keeps it as long as the collector has not been found.
    package func flush() {
        let failure = link.withLock { link -> TelemetryError? in
            guard link.isOpen else { return nil }
            let entries = buffer.withLock { $0.take() }
            return link.send(entries.flatMap(\.lines))
        }
        if let failure {
            warn(of: failure)
        }
    }

    /// Sends what is left and takes nothing more.
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
        buffer.withLock { $0.close() }
        flush()
    }

    private func add(_ value: StatsdNumber, _ kind: StatsdKind, _ series: StatsdSeries) {
        if buffer.withLock({ $0.add(value, kind: kind, series: series) }) { return }
        flush()
        buffer.withLock { buffer in
            if !buffer.add(value, kind: kind, series: series) {
                buffer.drop()
            }
        }
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
