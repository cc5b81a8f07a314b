import NIOCore
import NIOPosix
import Purging
import Sandbox
import StorageClient
import Testing

@Suite("A request that gets no answer", .timeLimit(.minutes(1)))
struct TransportTests {
    @Test("was surely not sent if nobody listens")
    func refused() async throws {
        let node = try await StorageNode.start(Fixture.node())
        await node.stop()
        let answer = try await Fixture.withClient { await $0.delete(try Fixture.request(to: node.url)) }
        #expect(answer.verdict == .unreachable(what: "connection refused", sent: false))
    }

    @Test("was surely not sent if the node's name means nothing")
    func unknownHost() async throws {
        let answer = try await Fixture.withClient {
            await $0.delete(try Fixture.request(to: "http://node.invalid"))
        }
        let texts = ["host unknown", "the host's name can't be looked up now"]
        #expect(texts.contains { answer.verdict == .unreachable(what: $0, sent: false) }, "\(answer.verdict)")
    }

    @Test("was surely not sent if no connection was made in time")
    func connectTimeout() async throws {
        let settings = Fixture.settings { $0.connectTimeout = .milliseconds(200) }
        try await Self.withDeafServer { port in
            let answer = try await Fixture.withClient(settings) {
                await $0.delete(try Fixture.request(to: "http://127.0.0.1:\(port)"))
            }
            let what = "no connection within 0.2 s, name resolution included"
            #expect(answer.verdict == .unreachable(what: what, sent: false))
        }
    }

    @Test("was surely not sent if every connection is busy for longer than one may take")
    func poolTimeout() async throws {
        let settings = Fixture.settings {
            $0.connectTimeout = .milliseconds(200)
            $0.connectionsPerNode = 1
        }
        try await Fixture.withNode(Fixture.node(), settings) { node, client in
            let request = try Fixture.request(to: node.url)
            // Until there is a connection, for which a busy machine may need more than its time.
            while await client.delete(request).verdict != .confirmed(lastModified: 0) {}
            node.setFaults([Fault(.hang)])
            let before = node.log.counters.requests
            let first = Task { await client.delete(request) }
            while node.log.counters.inFlight == 0 { await Task.yield() }
            let second = await client.delete(request)
            #expect(second.verdict == .unreachable(what: "no connection was free within 0.2 s", sent: false))
            let sent = node.log.counters.requests - before
            #expect(sent == 1)
            first.cancel()
            #expect(await first.value.verdict == .abandoned)
        }
    }

    @Test("timed out if the node says nothing")
    func timedOut() async throws {
        let settings = Fixture.settings { $0.requestTimeout = .milliseconds(200) }
        let time = TestTime(stride: nil)
        try await Fixture.withNode(Fixture.node(Fault(.hang)), settings, time: time) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .timedOut)
            #expect(answer.elapsed >= .milliseconds(200))
        }
    }

    @Test("timed out if the node's head never ends")
    func endlessHead() async throws {
        let settings = Fixture.settings { $0.requestTimeout = .milliseconds(500) }
        let fields = WireServer.Reply.endless("HTTP/1.1 200 OK\r\n", then: "X-Weave-Timestamp: 1.00\r\n")
        let answer = try await Fixture.answer(saying: fields, settings)
        #expect(answer.verdict.failure == .timeout || answer.verdict.failure == .connect)
    }

    @Test("may have been carried out if the node hangs up", arguments: [Fault.Moment.before, .after])
    func closed(moment: Fault.Moment) async throws {
        var fault = Fault(.close)
        fault.moment = moment
        try await Fixture.withNode(Fixture.node(fault)) { node, client in
            node.data.put(.uid(7), lastModified: StorageTime(seconds: 5), bytes: 5)
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .unreachable(what: "connection closed", sent: true))
            #expect(node.data.has(.uid(7)) == (moment == .before))
        }
    }

    @Test("may have been carried out if the answer is not HTTP")
    func garbage() async throws {
        try await Fixture.withNode(Fixture.node(Fault(.garbage(.bytes)))) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .unreachable(what: "no readable answer", sent: true))
        }
    }

    @Test(
        "may have been carried out if the answer breaks off in its head",
        arguments: [
            "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\nX-Weave-Timestamp: 1.00\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        ]
    )
    func brokenHead(text: String) async throws {
        let answer = try await Fixture.answer(saying: .bytesAndClose(text))
        guard case .unreachable(_, sent: true) = answer.verdict else {
            Issue.record("\(answer.verdict)")
            return
        }
    }

    @Test("is abandoned if we stop", arguments: [false, true])
    func abandoned(isShutDown: Bool) async throws {
        try await Fixture.withNode(Fixture.node(Fault(.hang))) { node, client in
            let request = try Fixture.request(to: node.url)
            let task = Task { await client.delete(request) }
            while node.log.counters.inFlight == 0 { await Task.yield() }
            if isShutDown {
                await client.shutdown()
            } else {
                task.cancel()
            }
            #expect(await task.value.verdict == .abandoned)
            if isShutDown {
                #expect(await client.delete(request).verdict == .abandoned)
            }
        }
    }

    @Test("is abandoned without being sent if we stopped before")
    func abandonedBefore() async throws {
        try await Fixture.withNode { node, client in
            let request = try Fixture.request(to: node.url)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await client.delete(request)
            }
            #expect(await task.value.verdict == .abandoned)
        }
    }

    /// A server whose queue of connections is full, so that the system answers no more of them.
    private static func withDeafServer(_ body: (Int) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let address = try #require(server.localAddress)
        let client = ClientBootstrap(group: group).connectTimeout(.seconds(30))
        // As many as a queue for one holds, and some more that wait for a place.
        let waiting = [try await client.connect(to: address).get(), try await client.connect(to: address).get()]
        for _ in 0..<8 { client.connect(to: address).whenSuccess { $0.close(promise: nil) } }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(address.port ?? 0))
        } catch {
            result = .failure(error)
        }
        for channel in waiting + [server] { try? await channel.close() }
        try result.get()
    }
}
