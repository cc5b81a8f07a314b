import Purging
import StorageClient
import Testing

@Suite("A request that must not leave after a moment", .timeLimit(.minutes(1)))
struct NotAfterTests {
    private static let answer = Fixture.head("200 OK", "X-Weave-Timestamp: 1.00")
    private static let ok = WireServer.Reply.bytes(answer)

    @Test("is sent before it, and says nothing about it to the node")
    func inTime() async throws {
        let time = TestTime()
        try await WireServer.withServer({ _ in Self.ok }) { server in
            try await Fixture.withClient(time: time) { client in
                let answer = await client.delete(try Fixture.request(to: server.url, notAfter: time.now))
                #expect(answer.verdict == .confirmed(lastModified: nil))
                let names = server.requests[0].head.split(separator: "\r\n").dropFirst().map { $0.prefix { $0 != ":" } }
                #expect(names == ["Host", "Authorization", "Accept", "User-Agent"])
            }
        }
    }

    @Test("is not sent if its connection was made too late; the next one uses that connection")
    func lateConnection() async throws {
        let time = TestTime()
        let welcome: @Sendable (Int) -> Bool = { _ in
            time.advance(by: .seconds(3))
            return true
        }
        try await Certificate.with(names: "IP:127.0.0.1") { certificate in
            // The clock moves after the connection was made and before its TLS handshake.
            try await WireServer.withServer(tls: certificate.context, welcome: welcome, { _ in Self.ok }) { server in
                let settings = Fixture.settings { $0.caFile = certificate.file }
                try await Fixture.withClient(settings, time: time) { client in
                    let late = try Fixture.request(to: server.url, notAfter: time.now + .seconds(2))
                    #expect(await client.delete(late).verdict == .expired)
                    #expect(server.requests.isEmpty)
                    let next = try Fixture.request(to: server.url, notAfter: time.now + .seconds(2))
                    #expect(await client.delete(next).verdict == .confirmed(lastModified: nil))
                    #expect(server.requests.count == 1)
                    #expect(server.connections == 1)
                }
            }
        }
    }

    @Test("is not sent if it waited too long for a connection, and neither is any of thousands behind it")
    func lateInLine() async throws {
        let time = TestTime()
        let settings = Fixture.settings {
            $0.connectionsPerNode = 1
            $0.connectTimeout = .seconds(30)
        }
        // Its answer comes when the others are in line.
        let pieces = Array(repeating: [UInt8](), count: 4000) + [Array(Self.answer.utf8)]
        let slow = WireServer.Reply.pieces(pieces, thenCloses: false)
        try await WireServer.withServer({ $0.index == 0 ? slow : Self.ok }) { server in
            try await Fixture.withClient(settings, time: time) { client in
                let late = try Fixture.request(to: server.url, notAfter: time.now + .seconds(2))
                async let first = client.delete(late)
                while server.requests.isEmpty { await Task.yield() }
                time.advance(by: .seconds(3))
                let verdicts = await withTaskGroup { group in
                    for _ in 0..<10_000 { group.addTask { await client.delete(late).verdict } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(verdicts.allSatisfy { $0 == .expired })
                #expect(await first.verdict == .confirmed(lastModified: nil))
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test("is not sent if its node's name was found too late")
    func lateName() async throws {
        let time = TestTime()
        let resolver = TestResolver { _ in
            time.advance(by: .seconds(3))
            return .success(["127.0.0.1"])
        }
        try await WireServer.withServer({ _ in Self.ok }) { server in
            let settings = Fixture.settings { $0.resolver = resolver }
            try await Fixture.withClient(settings, time: time) { client in
                let url = "http://node.test:\(server.port)"
                let late = try Fixture.request(to: url, notAfter: time.now + .seconds(2))
                #expect(await client.delete(late).verdict == .expired)
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test("is not sent if it waits too long for its turn among many")
    func queued() async throws {
        let time = TestTime()
        // The third answer takes too long for all who wait behind it.
        let reply: @Sendable (WireServer.Request) -> WireServer.Reply = { request in
            if request.index == 2 { time.advance(by: .seconds(3)) }
            return Self.ok
        }
        try await WireServer.withServer(reply) { server in
            let settings = Fixture.settings { $0.connectionsPerNode = 1 }
            try await Fixture.withClient(settings, time: time) { client in
                let notAfter = time.now + .seconds(2)
                let requests = try (1...40).map { uid in
                    try Fixture.request(to: server.url, uid: uid, notAfter: notAfter)
                }
                let verdicts = await withTaskGroup { group in
                    for request in requests {
                        group.addTask { await client.delete(request).verdict }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(verdicts.count { $0 == .confirmed(lastModified: nil) } == 3)
                #expect(verdicts.count { $0 == .expired } == 37)
                #expect(server.requests.count == 3)
            }
        }
    }

    @Test("is still told why no connection can be made, after the moment too")
    func stillDialling() async throws {
        let time = TestTime()
        let resolver = TestResolver { _ in
            time.advance(by: .seconds(3))
            return .failure(NameUnknown(isTemporary: false))
        }
        let settings = Fixture.settings { $0.resolver = resolver }
        try await Fixture.withClient(settings, time: time) { client in
            let late = try Fixture.request(to: "http://node.test", notAfter: time.now + .seconds(2))
            #expect(await client.delete(late).verdict == .unreachable(what: "host unknown", sent: false))
        }
    }
}
