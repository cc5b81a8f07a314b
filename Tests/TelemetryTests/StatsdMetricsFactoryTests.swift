import CoreMetrics
import Logging
import Testing

@testable import Telemetry

struct StatsdMetricsFactoryTests {
    private let collector = FakeCollector()

    private func makeClient() -> StatsdClient {
        let collector = collector
        return StatsdClient(
            host: "h",
            port: 1,
            prefix: "p",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: ManualClock(),
            buffer: StatsdBuffer()
        ) { () throws(TelemetryError) in try collector.find() }
    }

    private var lines: [String] {
        collector.datagrams.flatMap { $0.split(separator: "\n").map(String.init) }
    }

    @Test("Every kind of metric arrives with its type, and dimensions as tags")
    func kinds() async {
        let client = makeClient()
        let factory = StatsdMetricsFactory(client: client)
        let dimensions = [("node", "a"), ("type", "force")]
        Counter(label: "counter", dimensions: dimensions, factory: factory).increment(by: 3)
        Timer(label: "timer", dimensions: dimensions, factory: factory).recordNanoseconds(1_500_000)
        Gauge(label: "gauge", dimensions: dimensions, factory: factory).record(7)
        Recorder(label: "recorder", dimensions: dimensions, aggregate: true, factory: factory).record(2.5)
        Meter(label: "meter", dimensions: dimensions, factory: factory).set(4)
        await client.close()
        #expect(
            lines == [
                "p.counter:3|c|#node:a,type:force", "p.timer:1.5|ms|#node:a,type:force",
                "p.gauge:7|g|#node:a,type:force", "p.recorder:2.5|h|#node:a,type:force",
                "p.meter:4|g|#node:a,type:force",
            ]
        )
    }

    @Test("Two handles of the same metric count together, and resetting takes nothing back")
    func sharedCounter() async {
        let client = makeClient()
        let factory = StatsdMetricsFactory(client: client)
        let first = Counter(label: "n", factory: factory)
        first.increment()
        Counter(label: "n", factory: factory).increment(by: 2)
        first.reset()
        first.destroy()
        await client.close()
        #expect(lines == ["p.n:3|c"])
    }

    @Test("Fractions of a counter are sent when they make up a whole")
    func floatingPointCounter() async {
        let client = makeClient()
        let counter = FloatingPointCounter(label: "n", factory: StatsdMetricsFactory(client: client))
        counter.increment(by: 0.75)
        counter.increment(by: 0.75)
        await client.close()
        #expect(lines == ["p.n:1|c"])
    }

    @Test("A meter goes up and down from where it stands, and tells absolute values")
    func meter() async {
        let client = makeClient()
        let meter = Meter(label: "n", factory: StatsdMetricsFactory(client: client))
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement()
        meter.increment(by: Double.nan)
        await client.close()
        #expect(lines == ["p.n:11.5|g"])
    }

    @Test("Whole numbers and fractions reach gauges and histograms alike")
    func integersAndReals() async {
        let client = makeClient()
        let factory = StatsdMetricsFactory(client: client)
        let histogram = Recorder(label: "h", factory: factory)
        histogram.record(1)
        histogram.record(0.25)
        let gauge = Gauge(label: "g", factory: factory)
        gauge.record(1)
        gauge.record(0.25)
        await client.close()
        #expect(lines == ["p.h:1|h", "p.h:0.25|h", "p.g:0.25|g"])
    }
}
