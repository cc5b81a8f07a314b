import Purging
import Sandbox
import StorageClient
import Testing

@Suite("An answer's body", .timeLimit(.minutes(1)))
struct BodyTests {
    private static let head = "HTTP/1.1 200 OK\r\nX-Weave-Timestamp: 1.00\r\nX-Last-Modified: 5.00\r\n"
    private static let confirmed = NodeAnswer.Verdict.confirmed(lastModified: 5)

    @Test("is not read to its end if it has none, and its connection is given up")
    func endless() async throws {
        let body = WireServer.Reply.endless(Self.head + "\r\n", then: String(repeating: " ", count: 1 << 14))
        try await WireServer.withServer({ _ in body }) { server in
            try await Fixture.withClient { client in
                let request = try Fixture.request(to: server.url)
                #expect(await client.delete(request).verdict == Self.confirmed)
                while server.openConnections > 0 { await Task.yield() }
                // What the sockets' buffers hold is the system's; the client read no more than a little.
                #expect(server.bytesSent < 16 << 20)
                #expect(await client.delete(request).verdict == Self.confirmed)
                #expect(server.connections == 2)
            }
        }
    }

    @Test("is no answer of a node if it is endless and nothing says that a node sends it")
    func endlessStranger() async throws {
        try await Fixture.withNode(Fixture.node(Fault(.garbage(.endless)))) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            guard case .misrouted(200, _) = answer.verdict else {
                Issue.record("\(answer.verdict)")
                return
            }
        }
    }

    @Test("is not waited for longer than the request's time")
    func stalled() async throws {
        let settings = Fixture.settings { $0.requestTimeout = .milliseconds(300) }
        try await WireServer.withServer({ _ in .bytes(Self.head + "Content-Length: 10\r\n\r\nhalf") }) { server in
            try await Fixture.withClient(settings, time: TestTime(stride: nil)) { client in
                let answer = await client.delete(try Fixture.request(to: server.url))
                #expect(answer.verdict == Self.confirmed)
                // Shorter than what is the most for a body.
                #expect(answer.elapsed < .seconds(4))
            }
        }
    }

    @Test(
        "changes nothing if it breaks off",
        arguments: [
            "Content-Length: 10\r\n\r\nhalf", "Content-Length: 10\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhalf", "Transfer-Encoding: chunked\r\n\r\nno chunk at all\r\n",
        ]
    )
    func broken(rest: String) async throws {
        let answer = try await Fixture.answer(saying: .bytesAndClose(Self.head + rest))
        #expect(answer.verdict == Self.confirmed)
    }

    @Test("may have its end with the connection, in any HTTP/1")
    func untilClose() async throws {
        let old = "HTTP/1.0 200 OK\r\nX-Weave-Timestamp: 1.00\r\nX-Last-Modified: 5.00\r\n\r\n{}"
        for reply in [Self.head + "\r\n{}", Self.head + "Connection: close\r\n\r\n{}", old] {
            #expect(try await Fixture.answer(saying: .bytesAndClose(reply)).verdict == Self.confirmed)
        }
    }

    @Test("is not unpacked")
    func packed() async throws {
        let reply = Self.head + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\noops"
        #expect(try await Fixture.answer(saying: .bytes(reply)).verdict == Self.confirmed)
    }
}
