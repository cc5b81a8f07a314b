import Logging
import Synchronization
import Testing

@testable import Telemetry

struct StatsdSenderTests {
    private let clock = ManualClock()
    private let sink = CapturingSink()
    private let source = LineSource()

    private var logger: Logger {
        let output = LogOutput.fixed(sink)
        return Logger(label: "test") { _ in LineLogHandler(.human, output: output, level: .info) }
    }

    private func sender(host: String = "127.0.0.1", port: UInt16) -> StatsdSender {
        StatsdSender(host: host, port: port, logger: logger, clock: clock, lines: source.take)
    }

    private func sender(_ collector: FakeCollector) -> StatsdSender {
        sender { () throws(TelemetryError) in try collector.find() }
    }

    private func sender(
        open: @escaping @Sendable () throws(TelemetryError) -> any DatagramSending
    ) -> StatsdSender {
        StatsdSender(host: "h", port: 1, logger: logger, clock: clock, lines: source.take, open: open)
    }

    /// Runs the sender beside the body, which starts when the first flush is over, and ends it after that.
    private func running(_ sender: StatsdSender, body: () async throws -> Void) async rethrows {
        try await withThrowingTaskGroup { group in
            group.addTask { await sender.run() }
            await clock.sleepsBegun(1)
            try await body()
            group.cancelAll()
        }
    }

    @Test("What there is to tell arrives in one datagram")
    func exactDatagram() async throws {
        let receiver = try DatagramReceiver()
        let sender = sender(port: receiver.port)
        source.add("tokenserver.n:3|c|#a:1", "tokenserver.g:67890|g")
        await sender.close()
        #expect(try receiver.receive() == "tokenserver.n:3|c|#a:1\ntokenserver.g:67890|g")
        #expect(receiver.receiveAllThereIs().isEmpty)
        #expect(sender.droppedCount == 0)
        #expect(sink.writes.isEmpty)
    }

    @Test("IPv6 works like IPv4")
    func ipv6() async throws {
        let receiver = try DatagramReceiver(.v6)
        let sender = sender(host: "::1", port: receiver.port)
        source.add("n:1|c")
        await sender.close()
        #expect(try receiver.receive() == "n:1|c")
    }

    @Test("The loop looks the collector up, flushes every second, and once more when cancelled")
    func loop() async throws {
        let receiver = try DatagramReceiver()
        source.add("n:1|c")
        await running(sender(port: receiver.port)) {
            #expect(receiver.receiveAllThereIs() == ["n:1|c"])
            source.add("n:2|c")
            #expect(receiver.receiveAllThereIs().isEmpty)
            clock.advance(by: .seconds(1))
            await clock.sleepsBegun(2)
            #expect(receiver.receiveAllThereIs() == ["n:2|c"])
            clock.advance(by: .seconds(1))
            await clock.sleepsBegun(3)
            #expect(receiver.receiveAllThereIs().isEmpty)
            source.add("n:3|c")
        }
        #expect(receiver.receiveAllThereIs() == ["n:3|c"])
    }

    @Test("No datagram is larger than 1,400 bytes, and none of the lines is lost")
    func datagramSize() async throws {
        let receiver = try DatagramReceiver()
        let lines = (0..<200).map { "tokenserver.purge.some.counter:1|c|#number:\($0)" }
        lines.forEach { source.add($0) }
        await sender(port: receiver.port).close()
        let datagrams = receiver.receiveAllThereIs()
        #expect(datagrams.allSatisfy { $0.utf8.count <= 1400 })
        #expect(datagrams.dropLast().allSatisfy { $0.utf8.count > 1300 })
        #expect(datagrams.flatMap { $0.split(separator: "\n").map(String.init) } == lines)
    }

    @Test("A lookup that fails is repeated every 30 seconds and warned of once; nothing is asked for or lost meanwhile")
    func lookupIsRepeated() async {
        let collector = FakeCollector(lookup: .unknownHost(name: "h", answer: "no such name"))
        await running(sender(collector)) {
            for second in 1...59 {
                source.add("n:\(second)|c")
                clock.advance(by: .seconds(1))
                await clock.sleepsBegun(second + 1)
            }
            #expect(collector.lookups == 2)
            collector.setLookup(nil)
            clock.advance(by: .seconds(1))
            await clock.sleepsBegun(61)
            #expect(collector.lookups == 3)
            #expect(collector.datagrams == [(1...59).map { "n:\($0)|c" }.joined(separator: "\n")])
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
        let sender = sender(collector)
        await running(sender) {
            collector.setOutcomes([.notSent(code: 1)])
            source.add("n:1|c")
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
        #expect(sender.droppedCount == 1)
    }

    @Test("A refusal costs the datagram before it, not the one that learns of it")
    func refusalIsAboutTheDatagramBefore() async {
        let collector = FakeCollector()
        let sender = sender(collector)
        await running(sender) {
            source.add("a:1|c", "b:1|c")
            sender.flush()
            collector.setOutcomes([.refused])
            source.add("c:1|c")
            sender.flush()
        }
        #expect(collector.datagrams == ["a:1|c\nb:1|c", "c:1|c"])
        #expect(sender.droppedCount == 2)
        #expect(sink.writes.count == 1)
    }

    @Test("Any number of socket errors is counted, and warned of once")
    func socketErrors() async {
        let collector = FakeCollector()
        let sender = sender(collector)
        await running(sender) {
            collector.setOutcomes([.notSent(code: 1), .notSent(code: 11), .refused, .refused])
            for _ in 0..<3 {
                source.add("n:1|c")
                sender.flush()
            }
        }
        #expect(collector.datagrams.isEmpty)
        #expect(sender.droppedCount == 3)
        #expect(sink.writes.count == 1)
    }

    @Test("A port where nobody listens neither fails nor holds up anyone")
    func closedPort() async {
        let sender = sender(port: 1)
        await running(sender) {
            for _ in 0..<100 {
                source.add("n:1|c")
                sender.flush()
            }
        }
        await sender.close()
        #expect(sender.droppedCount > 0)
        #expect(sink.writes.count == 1)
        #expect(sink.writes.first?.contains("nothing listens at that port") == true)
    }

    @Test("A name that no name server can know neither fails nor holds up anyone")
    func unresolvableHost() async {
        let sender = sender(host: String(repeating: "x", count: 70) + ".invalid", port: 8125)
        await running(sender) {
            source.add("n:1|c")
            sender.flush()
        }
        await sender.close()
        #expect(sink.writes.count == 1)
        #expect(sink.writes.first?.contains("has no address") == true)
    }

    @Test("Closing waits a second for a lookup that hangs, no longer")
    func closingDuringLookup() async {
        let hanging = HangingLookup()
        let sender = sender { () throws(TelemetryError) in try hanging.find() }
        source.add("n:1|c")
        await withTaskGroup { group in
            group.addTask { await sender.close() }
            await clock.sleepsBegun(1)
            clock.advance(by: .seconds(1))
        }
        hanging.release()
        #expect(sink.writes.isEmpty)
    }

    @Test("Cancelling the loop ends it although a lookup hangs")
    func cancellingDuringLookup() async {
        let hanging = HangingLookup()
        let sender = sender { () throws(TelemetryError) in try hanging.find() }
        await withTaskGroup { group in
            group.addTask { await sender.run() }
            await hanging.hasBegun()
            group.cancelAll()
        }
        hanging.release()
    }
}

/// Lines that wait to be sent.
private final class LineSource: Sendable {
    private let waiting = Mutex<[String]>([])

    func add(_ lines: String...) { waiting.withLock { $0 += lines } }

    @Sendable func take() -> [String] {
        waiting.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}
