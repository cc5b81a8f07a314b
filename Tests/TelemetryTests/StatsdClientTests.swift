import Logging
import Testing

@testable import Telemetry

struct StatsdClientTests {
    private let clock = ManualClock()
    private let sink = CapturingSink()

    private var logger: Logger {
        let output = LogOutput.fixed(sink)
        return Logger(label: "test") { _ in LineLogHandler(.human, output: output, level: .info) }
    }

    private func client(host: String = "127.0.0.1", port: UInt16) -> StatsdClient {
        StatsdClient(host: host, port: port, prefix: "tokenserver", logger: logger, clock: clock)
    }

    private func client(_ collector: FakeCollector, buffer: StatsdBuffer = StatsdBuffer()) -> StatsdClient {
        StatsdClient(host: "h", port: 1, prefix: "p", logger: logger, clock: clock, buffer: buffer) {
            () throws(TelemetryError) in try collector.find()
        }
    }

    /// Runs the client beside the body, which starts when the first flush is over, and ends it after that.
    private func running(_ client: StatsdClient, body: () async throws -> Void) async rethrows {
        try await withThrowingTaskGroup { group in
            group.addTask { await client.run() }
            await clock.sleepsBegun(1)
            try await body()
            group.cancelAll()
        }
    }

    @Test("What was measured arrives in one datagram, with tags")
    func exactDatagram() async throws {
        let receiver = try DatagramReceiver()
        let client = client(port: receiver.port)
        let failures = client.series(
            "row_failure",
            tags: [("reason", "http_5xx"), ("node", "https://a.example")]
        )
        client.count(failures)
        client.gauge(client.series("purge.backlog.size"), 67_890)
        client.count(failures, by: 2)
        client.time(client.series("purge.delete_data.duration_ms"), nanoseconds: 12_345_678)
        client.histogram(client.series("h"), 0.5)
        await client.close()
        #expect(
            try receiver.receive() == """
                tokenserver.row_failure:3|c|#node:https_//a.example,reason:http_5xx
                tokenserver.purge.backlog.size:67890|g
                tokenserver.purge.delete_data.duration_ms:12.346|ms
                tokenserver.h:0.5|h
                """
        )
        #expect(receiver.receiveAllThereIs().isEmpty)
        #expect(client.droppedCount == 0)
        #expect(sink.writes.isEmpty)
    }

    @Test("IPv6 works like IPv4")
    func ipv6() async throws {
        let receiver = try DatagramReceiver(.v6)
        let client = client(host: "::1", port: receiver.port)
        client.count(client.series("n"))
        await client.close()
        #expect(try receiver.receive() == "tokenserver.n:1|c")
    }

    @Test("The loop looks the collector up, flushes every second, and once more when cancelled")
    func loop() async throws {
        let receiver = try DatagramReceiver()
        let client = client(port: receiver.port)
        let series = client.series("n")
        client.count(series)
        await running(client) {
            #expect(receiver.receiveAllThereIs() == ["tokenserver.n:1|c"])
            client.count(series, by: 2)
            #expect(receiver.receiveAllThereIs().isEmpty)
            clock.advance(by: .seconds(1))
            await clock.sleepsBegun(2)
            #expect(receiver.receiveAllThereIs() == ["tokenserver.n:2|c"])
            clock.advance(by: .seconds(1))
            await clock.sleepsBegun(3)
            #expect(receiver.receiveAllThereIs().isEmpty)
            client.count(series, by: 3)
        }
        #expect(receiver.receiveAllThereIs() == ["tokenserver.n:3|c"])
    }

    @Test("No datagram is larger than 1,400 bytes, and none of the lines is lost")
    func datagramSize() async throws {
        let receiver = try DatagramReceiver()
        let client = client(port: receiver.port)
        for number in 0..<200 {
            client.count(client.series("purge.some.counter", tags: [("number", "\(number)")]))
        }
        await client.close()
        let datagrams = receiver.receiveAllThereIs()
        #expect(datagrams.allSatisfy { $0.utf8.count <= 1400 })
        #expect(datagrams.dropLast().allSatisfy { $0.utf8.count > 1300 })
        #expect(
            datagrams.flatMap { $0.split(separator: "\n") }
                == (0..<200).map { "tokenserver.purge.some.counter:1|c|#number:\($0)" }
        )
    }

    @Test("Timings beyond a thousand arrive with the share they make up")
    func sampledTimings() async throws {
        let collector = FakeCollector()
        let client = client(collector)
        let series = client.series("t")
        for number in 0..<2000 {
            client.time(series, nanoseconds: Int64(number) * 1_000_000)
        }
        await client.close()
        let lines = collector.datagrams.flatMap { $0.split(separator: "\n") }
        #expect(lines == (0..<1000).map { "p.t:\($0 * 2)|ms|@0.5" })
    }

    @Test("A full buffer is flushed at once when the collector is known")
    func flushedWhenFull() async {
        let collector = FakeCollector()
        let client = client(collector, buffer: StatsdBuffer(capacity: 2))
        await running(client) {
            for name in ["a", "b", "c"] {
                client.count(client.series(name))
            }
            #expect(collector.datagrams == ["p.a:1|c\np.b:1|c"])
        }
        #expect(collector.datagrams == ["p.a:1|c\np.b:1|c", "p.c:1|c"])
        #expect(client.droppedCount == 0)
    }

    @Test("Until the collector is known the buffer fills, and what is beyond it is dropped and counted")
    func boundedWhileUnknown() async {
        let collector = FakeCollector()
        let client = client(collector, buffer: StatsdBuffer(capacity: 2))
        for name in ["a", "b", "c", "d", "a"] {
            client.count(client.series(name))
        }
        #expect(client.droppedCount == 2)
        await client.close()
        #expect(collector.datagrams == ["p.a:2|c\np.b:1|c"])
    }

    @Test("A lookup that fails is repeated every 30 seconds and warned of once, and nothing counted meanwhile is lost")
    func lookupIsRepeated() async {
        let collector = FakeCollector(lookup: .unknownHost(name: "h", answer: "no such name"))
        let client = client(collector)
        let series = client.series("n")
        await running(client) {
            for second in 1...59 {
                client.count(series)
                clock.advance(by: .seconds(1))
                await clock.sleepsBegun(second + 1)
            }
            #expect(collector.lookups == 2)
            collector.setLookup(nil)
            clock.advance(by: .seconds(1))
            await clock.sleepsBegun(61)
            #expect(collector.lookups == 3)
            #expect(collector.datagrams == ["p.n:59|c"])
        }
        #expect(
            sink.writes == [
                "2026-01-02 03:04:05Z WARNING Metrics cannot be delivered; this is not reported again "
                    + "host=h port=1 reason=\"the name h has no address (no such name)\"\n"
            ]
        )
    }

    @Test("A collector that went away is looked up again, but not before 30 seconds have passed")
    func lookedUpAgainAfterFailure() async {
        let collector = FakeCollector()
        let client = client(collector)
        await running(client) {
            collector.setOutcomes([.notSent(code: 1)])
            client.count(client.series("n"))
            for second in 1...29 {
                clock.advance(by: .seconds(1))
                await clock.sleepsBegun(second + 1)
            }
            #expect(collector.lookups == 1)
            clock.advance(by: .seconds(1))
            await clock.sleepsBegun(31)
            #expect(collector.lookups == 2)
            for second in 31...70 {
                clock.advance(by: .seconds(1))
                await clock.sleepsBegun(second + 1)
            }
            #expect(collector.lookups == 2)
        }
        #expect(client.droppedCount == 1)
    }

    @Test("A refusal costs the datagram before it, not the one that learns of it")
    func refusalIsAboutTheDatagramBefore() async {
        let collector = FakeCollector()
        let client = client(collector)
        await running(client) {
            client.count(client.series("a"))
            client.count(client.series("b"))
            client.flush()
            collector.setOutcomes([.refused])
            client.count(client.series("c"))
            client.flush()
        }
        #expect(collector.datagrams == ["p.a:1|c\np.b:1|c", "p.c:1|c"])
        #expect(client.droppedCount == 2)
        #expect(sink.writes.count == 1)
    }

    @Test("Any number of socket errors is counted, and warned of once")
    func socketErrors() async {
        let collector = FakeCollector()
        let client = client(collector)
        await running(client) {
            collector.setOutcomes([.notSent(code: 1), .notSent(code: 11), .refused, .refused])
            for _ in 0..<3 {
                client.count(client.series("n"))
                client.flush()
            }
        }
        #expect(collector.datagrams.isEmpty)
        #expect(client.droppedCount == 3)
        #expect(sink.writes.count == 1)
    }

    @Test("A port where nobody listens neither fails nor holds up anyone")
    func closedPort() async {
        let client = client(port: 1)
        let series = client.series("n")
        await running(client) {
            for _ in 0..<100 {
                client.count(series)
                client.flush()
            }
        }
        await client.close()
        #expect(client.droppedCount > 0)
        #expect(sink.writes.count == 1)
        #expect(sink.writes.first?.contains("nothing listens at that port") == true)
    }

    @Test("A name that no name server can know neither fails nor holds up anyone")
    func unresolvableHost() async {
        let client = client(host: String(repeating: "x", count: 70) + ".invalid", port: 8125)
        await running(client) {
            client.count(client.series("n"))
            client.flush()
        }
        await client.close()
        #expect(sink.writes.count == 1)
        #expect(sink.writes.first?.contains("has no address") == true)
    }

    @Test("Closing waits a second for a lookup that hangs, no longer")
    func closingDuringLookup() async {
        let hanging = HangingLookup()
        let client = StatsdClient(
            host: "h",
            port: 1,
            prefix: "p",
            logger: logger,
            clock: clock,
            buffer: StatsdBuffer()
        ) { () throws(TelemetryError) in try hanging.find() }
        client.count(client.series("n"))
        await withTaskGroup { group in
            group.addTask { await client.close() }
            await clock.sleepsBegun(1)
            clock.advance(by: .seconds(1))
        }
        hanging.release()
        #expect(sink.writes.isEmpty)
    }

    @Test("Cancelling the loop ends it although a lookup hangs")
    func cancellingDuringLookup() async {
        let hanging = HangingLookup()
        let client = StatsdClient(
            host: "h",
            port: 1,
            prefix: "p",
            logger: logger,
            clock: clock,
            buffer: StatsdBuffer()
        ) { () throws(TelemetryError) in try hanging.find() }
        await withTaskGroup { group in
            group.addTask { await client.run() }
            await hanging.hasBegun()
            group.cancelAll()
        }
        hanging.release()
    }

    @Test("After closing nothing more is sent")
    func afterClosing() async throws {
        let collector = FakeCollector()
        let client = client(collector)
        client.count(client.series("n"))
        await client.close()
        client.count(client.series("n"))
        client.flush()
        await client.close()
        #expect(collector.datagrams == ["p.n:1|c"])
        #expect(client.droppedCount == 1)
    }

    @Test("Many tasks can measure while the client flushes, and every increment arrives")
    func concurrency() async {
        let collector = FakeCollector()
        let client = client(collector, buffer: StatsdBuffer(capacity: 5))
        await running(client) {
            await withTaskGroup { group in
                for task in 0..<8 {
                    group.addTask {
                        let series = client.series("n", tags: [("task", "\(task)")])
                        for _ in 0..<500 {
                            client.count(series)
                        }
                        client.flush()
                    }
                }
            }
        }
        let sum = collector.datagrams.flatMap { $0.split(separator: "\n") }
            .compactMap { Int($0.split(separator: ":")[1].prefix { $0 != "|" }) }
            .reduce(0, +)
        #expect(sum + client.droppedCount == 4000)
    }
}
