import Purging
import StorageClient
import Testing

@Suite("A kept connection", .timeLimit(.minutes(1)))
struct KeptConnectionTests {
    private static let ok = WireServer.Reply.bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00"))

    @Test("serves no request after five minutes, however busy it is")
    func age() async throws {
        let time = TestTime()
        try await WireServer.withServer({ _ in Self.ok }) { server in
            try await Fixture.withClient(time: time) { client in
                for minutes in 0..<16 {
                    let answer = await client.delete(try Fixture.request(to: server.url))
                    #expect(answer.verdict == .confirmed(lastModified: nil))
                    #expect(server.connections == minutes / 5 + 1)
                    time.advance(by: .seconds(60))
                }
                while server.openConnections > 1 { await Task.yield() }
            }
        }
    }

    @Test("gives each request the whole of its time, and no more")
    func limits() async throws {
        let settings = Fixture.settings {
            $0.requestTimeout = .milliseconds(400)
            $0.connectionsPerNode = 1
        }
        let silence = WireServer.Reply.pieces([], thenCloses: false)
        try await WireServer.withServer({ $0.index < 5 ? Self.ok : silence }) { server in
            try await Fixture.withClient(settings, time: TestTime(stride: nil)) { client in
                let request = try Fixture.request(to: server.url)
                for _ in 0..<5 {
                    #expect(await client.delete(request).verdict == .confirmed(lastModified: nil))
                    try await Task.sleep(for: .milliseconds(90))
                }
                let last = await client.delete(request)
                #expect(last.verdict == .timedOut)
                #expect(last.elapsed >= .milliseconds(400))
                // One that waits for the only connection has its own time, too.
                async let first = client.delete(request)
                async let second = client.delete(request)
                #expect(await [first.verdict, second.verdict].contains(.timedOut))
                #expect(server.connections <= 3)
            }
        }
    }

    @Test("is closed when nobody has used it for a while, and not before")
    func idle() async throws {
        let settings = Fixture.settings {
            $0.connectionIdle = .milliseconds(300)
            $0.requestTimeout = .seconds(5)
        }
        try await WireServer.withServer({ _ in Self.ok }) { server in
            try await Fixture.withClient(settings) { client in
                let request = try Fixture.request(to: server.url)
                for _ in 0..<6 {
                    #expect(await client.delete(request).verdict == .confirmed(lastModified: nil))
                    try await Task.sleep(for: .milliseconds(80))
                }
                #expect(server.connections == 1)
                while server.openConnections > 0 { await Task.yield() }
                #expect(await client.delete(request).verdict == .confirmed(lastModified: nil))
                #expect(server.connections == 2)
            }
        }
    }

    @Test("is nothing any more once it is closed, though somebody still waits to see it idle")
    func closedAtOnce() async throws {
        let settings = Fixture.settings {
            $0.connectionIdle = .milliseconds(20)
            $0.connectTimeout = .milliseconds(300)
        }
        try await WireServer.withServer(welcome: { _ in false }, { _ in Self.ok }) { server in
            try await Fixture.withClient(settings, time: TestTime(stride: nil)) { client in
                for _ in 0..<10 {
                    let answer = await client.delete(try Fixture.request(to: server.url))
                    #expect(answer.verdict.failure == .connect, "\(answer.verdict)")
                }
                #expect(server.connections >= 10)
                // For all that was planned for those connections.
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    @Test("is left for the node's new address as soon as its name has it")
    func moved() async throws {
        try await Self.withTwoServers { first, second in
            let resolver = TestResolver("127.0.0.2")
            try await Fixture.withClient(Self.settings(resolver)) { client in
                let request = try Fixture.request(to: "http://node.test:\(first.port)")
                #expect(await client.delete(request).verdict == .confirmed(lastModified: nil))
                resolver.say(.success(["127.0.0.3"]))
                while first.openConnections > 0 { await Task.yield() }
                #expect(await client.delete(request).verdict == .confirmed(lastModified: nil))
                #expect((first.requests.count, second.requests.count) == (1, 1))
            }
        }
    }

    @Test("is left for the new address while it is never idle, too")
    func movedWhileBusy() async throws {
        try await Self.withTwoServers { first, second in
            let resolver = TestResolver("127.0.0.2")
            try await Fixture.withClient(Self.settings(resolver)) { client in
                let request = try Fixture.request(to: "http://node.test:\(first.port)")
                try await withThrowingTaskGroup { group in
                    for _ in 0..<4 {
                        group.addTask {
                            while second.requests.count < 20 {
                                let answer = await client.delete(request)
                                #expect(answer.verdict == .confirmed(lastModified: nil))
                            }
                        }
                    }
                    while first.requests.count < 20 { await Task.yield() }
                    resolver.say(.success(["127.0.0.3"]))
                    try await group.waitForAll()
                }
                while first.openConnections > 0 { await Task.yield() }
            }
        }
    }

    @Test("is kept if its address is one of several, and if look-ups fail")
    func unchanged() async throws {
        try await Self.withTwoServers { first, second in
            let resolver = TestResolver("127.0.0.2")
            try await Fixture.withClient(Self.settings(resolver)) { client in
                let request = try Fixture.request(to: "http://node.test:\(first.port)")
                _ = await client.delete(request)
                let answers: [TestResolver.Answer] = [
                    .success(["127.0.0.3", "127.0.0.2"]), .failure(NameUnknown(isTemporary: true)),
                    .failure(NameUnknown(isTemporary: false)), .success([]),
                ]
                for answer in answers {
                    resolver.say(answer)
                    await resolver.waitForQuestions(2)
                    #expect(await client.delete(request).verdict == .confirmed(lastModified: nil))
                }
                #expect((first.requests.count, second.requests.count) == (5, 0))
                #expect(first.connections == 1)
            }
        }
    }

    @Test("needs no look-up if the node's URL has an address, or behind a proxy")
    func notLookedUp() async throws {
        let resolver = TestResolver { _ in .failure(NameUnknown(isTemporary: false)) }
        try await WireServer.withServer({ _ in Self.ok }) { server in
            try await TunnelProxy.withProxy { proxy in
                let proxies = try ProxyRules(environment: ["HTTP_PROXY": "127.0.0.1:\(proxy.port)"])
                for rules in [ProxyRules.none, proxies] {
                    var settings = Self.settings(resolver)
                    settings.proxies = rules
                    try await Fixture.withClient(settings) { client in
                        let answer = await client.delete(try Fixture.request(to: server.url))
                        #expect(answer.verdict == .confirmed(lastModified: nil))
                    }
                }
                #expect(resolver.asked == 0)
            }
        }
    }

    @Test("is not looked up any more once nobody speaks to the node")
    func ends() async throws {
        let resolver = TestResolver("127.0.0.1")
        let reply = WireServer.Reply.bytesAndClose(
            Fixture.head("200 OK", "X-Weave-Timestamp: 1.00", "Connection: close")
        )
        try await WireServer.withServer({ _ in reply }) { server in
            try await Fixture.withClient(Self.settings(resolver)) { client in
                _ = await client.delete(try Fixture.request(to: "http://node.test:\(server.port)"))
                while server.openConnections > 0 { await Task.yield() }
                var before = -1
                while before != resolver.asked {
                    before = resolver.asked
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    private static func settings(_ resolver: TestResolver) -> HTTPStorageNodeClient.Settings {
        Fixture.settings {
            $0.resolver = resolver
            $0.addressInterval = .milliseconds(10)
        }
    }

    /// At 127.0.0.2 and 127.0.0.3, on the same port.
    private static func withTwoServers(_ body: (WireServer, WireServer) async throws -> Void) async throws {
        try await WireServer.withServer(address: ("127.0.0.2", 0), { _ in ok }) { first in
            try await WireServer.withServer(address: ("127.0.0.3", first.port), { _ in ok }) { second in
                try await body(first, second)
            }
        }
    }
}
