import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Sandbox
import Testing

@Suite("A storage node that is told to misbehave", .timeLimit(.minutes(1)))
struct NodeFaultTests {
    @Test("answers any status, and carries out nothing", arguments: [204, 400, 401, 409, 423, 429, 500, 503, 513, 599])
    func status(status: Int) async throws {
        try await NodeFixture.run(Fault(.status(status))) { fixture in
            fixture.store()
            let answer = try await fixture.delete()
            #expect(answer.status == status)
            #expect(answer["X-Weave-Timestamp"] != nil)
            #expect(fixture.node.data.has(.uid(7)))
            #expect(fixture.node.log.counters.byStatus == [status: 1])
            // The connection is still good.
            fixture.node.setFaults([])
            #expect(try await fixture.delete().status == 200)
        }
    }

    @Test("answers an error after it has carried out the request")
    func statusAfter() async throws {
        try await NodeFixture.run(try Fault(parsing: "status=504,when=after")) { fixture async throws in
            fixture.store()
            #expect(try await fixture.delete().status == 504)
            #expect(!fixture.node.data.has(.uid(7)))
            let counters = fixture.node.log.counters
            #expect(counters.deletesUnconfirmed == 1 && counters.deletesConfirmed == 0)
            #expect(counters.deletesRemovingData == 1 && counters.faults == 1)
        }
    }

    @Test("tells the client to wait, with any answer")
    func waits() async throws {
        let fault = "retry-after=Wed, 21 Oct 2026 07:28:00 GMT,backoff=30,x-backoff=40"
        try await NodeFixture.run(try Fault(parsing: fault)) { fixture in
            let answer = try await fixture.delete()
            #expect(answer.status == 200)
            #expect(answer["Retry-After"] == "Wed, 21 Oct 2026 07:28:00 GMT")
            #expect(answer["X-Weave-Backoff"] == "30")
            #expect(answer["X-Backoff"] == "40")
            fixture.node.setFaults([try Fault(parsing: "status=503,retry-after=10")])
            #expect(try await fixture.delete()["Retry-After"] == "10")
        }
    }

    @Test("leaves its timestamp out")
    func bare() async throws {
        try await NodeFixture.run(try Fault(parsing: "status=503,bare")) { fixture async throws in
            #expect(try await fixture.delete()["X-Weave-Timestamp"] == nil)
        }
    }

    @Test("redirects")
    func redirect() async throws {
        try await NodeFixture.run(try Fault(parsing: "location=http://elsewhere.example/")) { fixture in
            let answer = try await fixture.delete()
            #expect(answer.status == 302)
            #expect(answer["Location"] == "http://elsewhere.example/")
        }
    }

    @Test("takes its time")
    func latency() async throws {
        try await NodeFixture.run(try Fault(parsing: "latency=60")) { fixture async throws in
            let clock = ContinuousClock()
            let start = clock.now
            #expect(try await fixture.delete().status == 200)
            let taken = start.duration(to: clock.now)
            #expect(taken >= .milliseconds(60))
        }
    }

    @Test("closes the connection without a word", arguments: [Fault.Moment.before, .after])
    func close(moment: Fault.Moment) async throws {
        var fault = Fault(.close)
        fault.moment = moment
        fault.times = 1
        try await NodeFixture.run(fault) { fixture in
            fixture.store()
            await #expect(throws: (any Error).self) { try await fixture.delete() }
            #expect(fixture.node.data.has(.uid(7)) == (moment == .before))
            let entry = try #require(fixture.node.log.entries.last)
            #expect(entry.status == 0 && entry.fault == "close" && !entry.confirmed)
            #expect(entry.performed == (moment == .after) && entry.removed == (moment == .after))
            #expect(try await fixture.delete().status == 200)
        }
    }

    @Test("sends not one byte before it closes the connection")
    func closeOnTheWire() async throws {
        try await NodeFixture.run(Fault(.close)) { fixture async throws in
            #expect(try await fixture.exchange("DELETE /1.5/7 HTTP/1.1\r\nHost: x\r\n\r\n") == "")
        }
    }

    @Test("never answers, and notices that the client gave up", arguments: [Fault.Moment.before, .after])
    func hang(moment: Fault.Moment) async throws {
        var fault = Fault(.hang)
        fault.moment = moment
        try await NodeFixture.run(fault) { fixture in
            fixture.store()
            let request = Task { try await fixture.delete() }
            await fixture.waitForRequestsInFlight(1)
            while fixture.node.log.counters.requests == 0 { await Task.yield() }
            #expect(fixture.node.data.has(.uid(7)) == (moment == .before))
            request.cancel()
            await #expect(throws: (any Error).self) { try await request.value }
            await fixture.waitForRequestsInFlight(0)
            #expect(fixture.node.log.counters.byStatus == [0: 1])
        }
    }

    @Test("can be stopped while it does not answer")
    func stopWhileHanging() async throws {
        let node = try await StorageNode.start(NodeFixture.configuration())
        node.setFaults([Fault(.hang)])
        try await NodeFixture.run { other in
            let fixture = NodeFixture(node: node, client: other.client)
            let request = Task { try await fixture.delete() }
            await fixture.waitForRequestsInFlight(1)
            await node.stop()
            await #expect(throws: (any Error).self) { try await request.value }
        }
    }

    @Test("sends bytes that are not HTTP")
    func garbageBytes() async throws {
        try await NodeFixture.run(Fault(.garbage(.bytes))) { fixture in
            let bytes = try await fixture.exchange("DELETE /1.5/7 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(!bytes.isEmpty && !bytes.contains("HTTP/1.1"))
            await #expect(throws: (any Error).self) { try await fixture.delete() }
            #expect(fixture.node.log.counters.byStatus == [0: 2])
        }
    }

    @Test("answers with a web page")
    func garbagePage() async throws {
        try await NodeFixture.run(Fault(.garbage(.html))) { fixture in
            fixture.store()
            let answer = try await fixture.delete()
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "text/html")
            #expect(answer["X-Weave-Timestamp"] == nil)
            #expect(fixture.node.data.has(.uid(7)))
            #expect(fixture.node.log.counters.deletesConfirmed == 0)
        }
    }

    @Test("sends a body without end, until the client hangs up")
    func garbageWithoutEnd() async throws {
        try await NodeFixture.run(Fault(.garbage(.endless))) { fixture in
            var received = 0
            let response = try await fixture.open("DELETE", "/1.5/7")
            #expect(response.status.code == 200)
            for try await part in response.body {
                received += part.readableBytes
                if received > 200_000 { break }
            }
            #expect(received > 200_000)
            await fixture.waitForRequestsInFlight(0)
        }
    }

    @Test("refuses what exceeds a concurrency")
    func aboveConcurrent() async throws {
        var configuration = NodeFixture.configuration()
        configuration.faults = FaultPlan([
            try Fault(parsing: "hang,uids=1-2"), try Fault(parsing: "status=503,above-concurrent=2"),
        ])
        try await NodeFixture.run(configuration) { fixture async throws in
            let first = Task { try await fixture.delete(NodeUser(uid: 1)) }
            await fixture.waitForRequestsInFlight(1)
            #expect(try await fixture.delete().status == 200)
            let second = Task { try await fixture.delete(NodeUser(uid: 2)) }
            await fixture.waitForRequestsInFlight(2)
            #expect(try await fixture.delete().status == 503)
            first.cancel()
            second.cancel()
            await fixture.waitForRequestsInFlight(0)
            #expect(try await fixture.delete().status == 200)
            #expect(fixture.node.log.counters.maxInFlight == 3)
        }
    }
}
