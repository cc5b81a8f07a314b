package import CoreMetrics
import Synchronization

/// Lets everything that measures with swift-metrics report to a statsd collector.
///
/// Counters become `|c`, timers `|ms`, recorders that aggregate `|h`, the others, and meters, `|g`; dimensions become
/// tags. A handler keeps the ready-made name of its metric, so that recording costs no more than a lookup.
package struct StatsdMetricsFactory: MetricsFactory {
    private let client: StatsdClient

    package init(client: StatsdClient) {
        self.client = client
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        StatsdCounterHandler(client: client, series: client.series(label, tags: dimensions))
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        StatsdMeterHandler(client: client, series: client.series(label, tags: dimensions))
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        let series = client.series(label, tags: dimensions)
        return aggregate
            ? StatsdHistogramHandler(client: client, series: series)
            : StatsdGaugeHandler(client: client, series: series)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        StatsdTimerHandler(client: client, series: client.series(label, tags: dimensions))
    }

    /// Nothing to release; what was recorded is still sent. So for the others.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

private final class StatsdCounterHandler: CounterHandler {
    private let client: StatsdClient
    private let series: StatsdSeries

    init(client: StatsdClient, series: StatsdSeries) {
        self.client = client
        self.series = series
    }

    func increment(by amount: Int64) {
        client.count(series, by: amount)
    }

    /// The collector is told increments, so there is no count here to reset.
    func reset() {}
}

private final class StatsdTimerHandler: TimerHandler {
    private let client: StatsdClient
    private let series: StatsdSeries

    init(client: StatsdClient, series: StatsdSeries) {
        self.client = client
        self.series = series
    }

    func recordNanoseconds(_ duration: Int64) {
        client.time(series, nanoseconds: duration)
    }
}

private final class StatsdGaugeHandler: RecorderHandler {
    private let client: StatsdClient
    private let series: StatsdSeries

    init(client: StatsdClient, series: StatsdSeries) {
        self.client = client
        self.series = series
    }

    func record(_ value: Int64) {
        client.gauge(series, value)
    }

    func record(_ value: Double) {
        client.gauge(series, value)
    }
}

private final class StatsdHistogramHandler: RecorderHandler {
    private let client: StatsdClient
    private let series: StatsdSeries

    init(client: StatsdClient, series: StatsdSeries) {
        self.client = client
        self.series = series
    }

    func record(_ value: Int64) {
        client.histogram(series, value)
    }

    func record(_ value: Double) {
        client.histogram(series, value)
    }
}

/// Keeps the value, as the collector is told absolute ones only.
private final class StatsdMeterHandler: MeterHandler {
    private let client: StatsdClient
    private let series: StatsdSeries
    private let value = Mutex(0.0)

    init(client: StatsdClient, series: StatsdSeries) {
        self.client = client
        self.series = series
    }

    func set(_ value: Int64) {
        set(Double(value))
    }

    func set(_ value: Double) {
        change { $0 = value }
    }

    func increment(by amount: Double) {
        change { $0 += amount }
    }

    func decrement(by amount: Double) {
        change { $0 -= amount }
    }

    /// Reports under the lock, so that the last change is also the last one told.
    private func change(_ body: (inout Double) -> Void) {
        value.withLock { value in
            var new = value
            body(&new)
            guard new.isFinite else { return }
            value = new
            client.gauge(series, new)
        }
    }
}
