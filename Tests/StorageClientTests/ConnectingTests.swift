import NIOCore
import NIOPosix
import Purging
import Sandbox
import StorageClient
import Testing

@Suite("A connection that can't be made", .timeLimit(.minutes(1)))
struct ConnectingTests {
    private static let ok = WireServer.Reply.bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00"))

    @Test("fails its own request and no other's, if every second one is reset")
    func everySecond() async throws {
        try await Certificate.with(names: "IP:127.0.0.1") { certificate in
            let welcome: @Sendable (Int) -> Bool = { $0 % 2 == 0 }
            try await WireServer.withServer(tls: certificate.context, welcome: welcome, { _ in Self.ok }) { server in
                let settings = Fixture.settings { $0.caFile = certificate.file }
                try await Fixture.withClient(settings) { client in
                    let verdicts = try await Self.send(12, to: server.url, client)
                    let failed = verdicts.filter { $0 != .confirmed(lastModified: nil) }
                    // One request for each connection that was reset, at most: another may have helped it.
                    #expect(failed.count <= 6, "\(failed)")
                    for verdict in failed {
                        guard case .unreachable(let what, sent: false) = verdict else {
                            Issue.record("\(verdict)")
                            continue
                        }
                        #expect(what.contains("reset") || what.contains("closed") || what.contains("TLS"), "\(what)")
                    }
                    #expect(server.requests.count == 12 - failed.count)
                    // Those that could be made serve all others.
                    let later = try await Self.send(6, to: server.url, client)
                    #expect(later.count { $0 == .confirmed(lastModified: nil) } >= 3)
                }
            }
        }
    }

    @Test("fails its own request and no other's, if every second one is refused")
    func refusedInTurns() async throws {
        try await WireServer.withServer({ _ in Self.ok }) { server in
            // Nobody listens at the second address.
            let resolver = TestResolver { number in .success([number % 2 == 0 ? "127.0.0.1" : "127.0.0.9"]) }
            let settings = Fixture.settings {
                $0.resolver = resolver
                $0.addressInterval = .zero
                $0.connectionsPerNode = 1
            }
            try await Fixture.withClient(settings) { client in
                let verdicts = try await Self.send(12, to: "http://node.test:\(server.port)", client)
                let failed = verdicts.filter { $0 != .confirmed(lastModified: nil) }
                #expect(failed.allSatisfy { $0 == .unreachable(what: "connection refused", sent: false) }, "\(failed)")
                #expect(failed.count <= resolver.asked / 2 + 1)
                #expect(server.requests.count == 12 - failed.count)
            }
        }
    }

    @Test("is reported at once by a node that refuses all, and not only after the limit")
    func allRefused() async throws {
        let node = try await StorageNode.start(Fixture.node())
        await node.stop()
        try await Fixture.withClient { client in
            let start = ContinuousClock.now
            let verdicts = try await Self.send(100, to: node.url, client)
            #expect(verdicts.allSatisfy { $0 == .unreachable(what: "connection refused", sent: false) })
            #expect(ContinuousClock.now - start < .seconds(25), "the limit is 50 s")
        }
    }

    @Test("does not keep a request that can use another's connection")
    func helped() async throws {
        let blocked = AsyncGate()
        defer { blocked.open() }
        // The name for the second connection is not found before the test ends; the first answer takes a moment.
        let resolver = TestResolver { number in
            if number > 0 { await blocked.wait() }
            return .success(["127.0.0.1"])
        }
        let text = Fixture.head("200 OK", "X-Weave-Timestamp: 1.00")
        let slow = WireServer.Reply.pieces(text.utf8.map { [$0] }, thenCloses: false)
        try await WireServer.withServer({ _ in slow }) { server in
            let settings = Fixture.settings {
                $0.resolver = resolver
                $0.addressInterval = .zero
            }
            try await Fixture.withClient(settings) { client in
                let url = "http://node.test:\(server.port)"
                async let first = client.delete(Fixture.request(to: url))
                while server.requests.isEmpty { await Task.yield() }
                let second = await client.delete(try Fixture.request(to: url))
                #expect(second.verdict == .confirmed(lastModified: nil))
                #expect(try await first.verdict == .confirmed(lastModified: nil))
                #expect(server.connections == 1)
            }
        }
    }

    @Test("names what it waited for when its time is up")
    func names() async throws {
        let blocked = AsyncGate()
        defer { blocked.open() }
        let resolver = TestResolver { _ in
            await blocked.wait()
            return .failure(NameUnknown(isTemporary: true))
        }
        let settings = Fixture.settings {
            $0.resolver = resolver
            $0.connectTimeout = .milliseconds(100)
        }
        let start = "no connection within 0.1 s, name resolution included"
        let byName = try await Fixture.withClient(settings) {
            await $0.delete(try Fixture.request(to: "http://node.test"))
        }
        #expect(byName.verdict == .unreachable(what: "\(start): no address for the host's name", sent: false))
        try await WireServer.withServer({ _ in .bytes("") }) { server in
            let byTLS = try await Fixture.withClient(settings) {
                await $0.delete(try Fixture.request(to: "https://127.0.0.1:\(server.port)"))
            }
            #expect(byTLS.verdict == .unreachable(what: "\(start): no end of the TLS handshake", sent: false))
        }
    }

    /// The verdicts about requests that are handed over at once.
    private static func send(
        _ count: Int64,
        to url: String,
        _ client: HTTPStorageNodeClient
    ) async throws -> [NodeAnswer.Verdict] {
        let requests = try (1...count).map { try Fixture.request(to: url, uid: $0) }
        return await withTaskGroup { group in
            for request in requests { group.addTask { await client.delete(request).verdict } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
