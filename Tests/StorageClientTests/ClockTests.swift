import Purging
import Sandbox
import Testing

@testable import StorageClient
@testable import SyncTokens

@Suite("A node whose clock is not ours", .timeLimit(.minutes(1)))
struct ClockTests {
    private static func strict(offset: Duration) -> StorageNode.Configuration {
        var configuration = Fixture.node()
        configuration.maximumClockSkew = 60
        configuration.clockOffset = offset
        return configuration
    }

    @Test("gets a second signature by its own clock, and the first by it from then on", arguments: [-3600, 3600])
    func corrected(offset: Int) async throws {
        try await Fixture.withNode(Self.strict(offset: .seconds(offset))) { node, client in
            let request = try Fixture.request(to: node.url)
            #expect(await client.delete(request).verdict == .confirmed(lastModified: 0))
            #expect(node.log.entries.map(\.status) == [401, 200])
            #expect(await client.delete(request).verdict == .confirmed(lastModified: 0))
            #expect(node.log.entries.map(\.status) == [401, 200, 200])
        }
    }

    @Test("changes nothing for another node")
    func otherNode() async throws {
        try await Fixture.withNode(Self.strict(offset: .seconds(3600))) { wrong, client in
            try await StorageNode.withNode(Self.strict(offset: .zero)) { right in
                for node in [wrong, right, wrong, right] {
                    let answer = await client.delete(try Fixture.request(to: node.url))
                    #expect(answer.verdict == .confirmed(lastModified: 0))
                }
                #expect(wrong.log.entries.map(\.status) == [401, 200, 200])
                #expect(right.log.entries.map(\.status) == [200, 200])
            }
        }
    }

    @Test("is followed when it is set right again")
    func changed() async throws {
        try await Fixture.withNode(Self.strict(offset: .seconds(3600))) { first, client in
            _ = await client.delete(try Fixture.request(to: first.url))
            await first.stop()
            var configuration = Self.strict(offset: .zero)
            configuration.port = first.port
            try await StorageNode.withNode(configuration) { second in
                for _ in 0..<2 {
                    // The connection to the first node may be the one that is tried first.
                    var answer = await client.delete(try Fixture.request(to: second.url))
                    if answer.verdict.failure == .connect {
                        answer = await client.delete(try Fixture.request(to: second.url))
                    }
                    #expect(answer.verdict == .confirmed(lastModified: 0))
                }
                #expect(second.log.entries.map(\.status) == [401, 200, 200])
            }
        }
    }

    @Test("may tell its time with X-Weave-Timestamp alone")
    func timestamp() async throws {
        let sent = try await requests(refusal: "X-Weave-Timestamp: 1700003600.00") { $0 == 1_700_003_600 }
        #expect(sent.map(\.hawk?.timestamp) == [1_700_000_000, 1_700_003_600])
    }

    @Test("is no node if it tells its time with Date alone, and is asked only once")
    func date() async throws {
        let sent = try await requests(refusal: "Date: Tue, 14 Nov 2023 23:13:20 GMT", accepts: { _ in true })
        #expect(sent.count == 1)
    }

    @Test("is asked only once if the clocks agree well enough to be no reason", arguments: [-5, 0, 5])
    func agreement(difference: Int) async throws {
        let field = "X-Weave-Timestamp: \(1_700_000_000 + difference)"
        let sent = try await requests(refusal: field, accepts: { _ in false })
        #expect(sent.count == 1)
    }

    @Test("is asked only once if nothing tells its time")
    func silence() async throws {
        let sent = try await requests(refusal: "Server: x", accepts: { _ in false })
        #expect(sent.count == 1)
    }

    @Test("is not believed if it differs by more than a day and nobody signs for it", arguments: [-86_402, 86_402])
    func unbelievable(difference: Int) async throws {
        let field = "X-Weave-Timestamp: \(1_700_000_000 + difference)"
        let sent = try await requests(refusal: field, accepts: { _ in true })
        #expect(sent.count == 1)
    }

    @Test("has refused us if it refuses the second signature too, and its time is not kept")
    func twice() async throws {
        let reply = Fixture.head("401 No", "X-Weave-Timestamp: 1700003600.00", "X-Backoff: 5")
        try await WireServer.withServer({ _ in .bytes(reply) }) { server in
            try await Fixture.withClient { client in
                for _ in 0..<2 {
                    let answer = await client.delete(try Fixture.request(to: server.url))
                    #expect(answer.verdict == .signatureRefused)
                    #expect(answer.quiet == .seconds(5))
                }
                let times = server.requests.map(\.hawk?.timestamp)
                #expect(times == [1_700_000_000, 1_700_003_600, 1_700_000_000, 1_700_003_600])
            }
        }
    }

    @Test("keeps asking for quiet if only its refusal did")
    func quietOfRefusal() async throws {
        try await Fixture.withNode(Self.strict(offset: .seconds(3600))) { node, client in
            var fault = Fault(.asUsual)
            (fault.backoff, fault.times) = (30, 1)
            node.setFaults([fault])
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .confirmed(lastModified: 0))
            #expect(answer.quiet == .seconds(30))
        }
    }

    @Test("is believed by its challenge, even years away, if the challenge is signed", arguments: [1_000_000_000, 1])
    func challenge(time: Int64) async throws {
        let isBelieved = time > 100
        let sent = try await requests { hawk in
            guard let key = Self.key(of: hawk) else { return nil }
            let signature = HawkMAC.text(HawkMAC.timestamp(time, key: key))
            return "WWW-Authenticate: Hawk ts=\"\(time)\", tsm=\"\(signature)\", error=\"Stale timestamp\""
        } accepts: {
            $0 == time
        }
        // Half a century is beyond belief.
        #expect(sent.map(\.hawk?.timestamp) == (isBelieved ? [1_700_000_000, time] : [1_700_000_000]))
    }

    @Test("is not believed by a challenge that is not signed, or by another key", arguments: [nil, "another key"])
    func falseChallenge(key: String?) async throws {
        let signature = key.map { ", tsm=\"\(HawkMAC.text(HawkMAC.timestamp(1_700_003_600, key: $0)))\"" } ?? ""
        let challenge = "WWW-Authenticate: Hawk ts=\"1700003600\"\(signature)"
        #expect(try await requests(refusal: challenge, accepts: { _ in true }).count == 1)
    }

    @Test("is no reason to crash, whatever time its challenge signs", arguments: [0, Int64.max, Int64.max / 1000])
    func absurd(time: Int64) async throws {
        let sent = try await requests { hawk in
            guard let key = Self.key(of: hawk) else { return nil }
            let signature = HawkMAC.text(HawkMAC.timestamp(time, key: key))
            return "WWW-Authenticate: Hawk ts=\"\(time)\", tsm=\"\(signature)\""
        } accepts: { _ in
            true
        }
        #expect(sent.count == 1)
    }

    @Test("gets no second signature when its moment has passed; the next request has the right one")
    func late() async throws {
        let time = TestTime()
        let reply: @Sendable (WireServer.Request) -> WireServer.Reply = { request in
            if request.hawk?.timestamp == 1_700_003_600 {
                return .bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1700003600.00"))
            }
            time.advance(by: .seconds(2))
            return .bytes(Fixture.head("401 No", "X-Weave-Timestamp: 1700003600.00", "X-Backoff: 5"))
        }
        try await WireServer.withServer(reply) { server in
            try await Fixture.withClient(time: time) { client in
                let first = try Fixture.request(to: server.url, notAfter: time.now + .seconds(1))
                let late = await client.delete(first)
                #expect(late.verdict == .expired)
                #expect(late.quiet == .seconds(5))
                #expect(server.requests.count == 1)
                let second = try Fixture.request(to: server.url, notAfter: time.now + .seconds(1))
                #expect(await client.delete(second).verdict == .confirmed(lastModified: nil))
                #expect(server.requests.map(\.hawk?.timestamp) == [1_700_000_000, 1_700_003_600])
                #expect(server.connections == 1)
            }
        }
    }

    private static func key(of header: HawkHeader) -> String? {
        try? SyncToken.verify(header.id, secret: Fixture.secret(), now: 0).token.hawkKey
    }

    private func requests(
        refusal: String,
        accepts: @escaping @Sendable (Int64) -> Bool
    ) async throws -> [WireServer.Request] {
        try await requests(refusal: { _ in refusal }, accepts: accepts)
    }

    /// What one deletion sends to a server that refuses first, with one header field, and then accepts some times.
    private func requests(
        refusal: @escaping @Sendable (HawkHeader) -> String?,
        accepts: @escaping @Sendable (Int64) -> Bool
    ) async throws -> [WireServer.Request] {
        let reply: @Sendable (WireServer.Request) -> WireServer.Reply = { request in
            guard let hawk = request.hawk else { return .close }
            if request.index > 0, accepts(hawk.timestamp) {
                return .bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00"))
            }
            return .bytes(Fixture.head("401 Unauthorized", refusal(hawk) ?? "X-No-Refusal: 1"))
        }
        return try await WireServer.withServer(reply) { server in
            let answer = try await Fixture.withClient { await $0.delete(try Fixture.request(to: server.url)) }
            if server.requests.count > 1 {
                #expect(answer.verdict == .confirmed(lastModified: nil))
            } else {
                #expect(answer.verdict == .signatureRefused || answer.verdict.failure == .misrouted)
            }
            #expect(answer.status == (server.requests.count > 1 ? 200 : 401))
            return server.requests
        }
    }
}
