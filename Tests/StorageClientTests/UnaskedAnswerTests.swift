import Purging
import StorageClient
import Testing

@Suite("Bytes that nobody asked for", .timeLimit(.minutes(1)))
struct UnaskedAnswerTests {
    private static let own = Fixture.head("503 No", "X-Weave-Timestamp: 1.00", "X-Last-Modified: 1.00")
    private static let unasked = Fixture.head("200 OK", "X-Weave-Timestamp: 1.00", "X-Last-Modified: 666.00")

    @Test(
        "behind an answer are never the next request's",
        arguments: [
            unasked, String(unasked.prefix(20)), String(unasked.dropLast()), "HTTP/1.1 200", "H", "\r\n\r\n\r\nH",
        ]
    )
    func behind(surplus: String) async throws {
        try await WireServer.withServer({ _ in .bytes(Self.own + surplus) }) { server in
            try await Fixture.withClient { client in
                for number in 1...3 {
                    let answer = await client.delete(try Fixture.request(to: server.url))
                    #expect(answer.verdict == .busy(status: 503))
                    #expect(server.connections == number, "no connection is used again")
                }
            }
        }
    }

    @Test(
        "behind a body are never the next request's",
        arguments: ["Content-Length: 2\r\n\r\nhi", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"]
    )
    func behindBody(rest: String) async throws {
        let head = "HTTP/1.1 503 No\r\nX-Weave-Timestamp: 1.00\r\n"
        for (surplus, connections) in [("", 1), ("H", 3), (Self.unasked, 3)] {
            try await WireServer.withServer({ _ in .bytes(head + rest + surplus) }) { server in
                try await Fixture.withClient { client in
                    for _ in 1...3 {
                        let answer = await client.delete(try Fixture.request(to: server.url))
                        #expect(answer.verdict == .busy(status: 503))
                    }
                    #expect(server.connections == connections)
                }
            }
        }
    }

    /// Where an answer fills a buffer to its end, what comes behind it is read right after it, before anything else is done.
    @Test(
        "right behind an answer are not the next one's in line, wherever the answer ends",
        arguments: [512, 1024, 2048, 4096, 8192]
    )
    func inLine(size: Int) async throws {
        let padding = String(
            repeating: "x",
            count: size - Fixture.head("503 No", "X-Weave-Timestamp: 1.00", "X-Pad: ").utf8.count
        )
        let first = Fixture.head("503 No", "X-Weave-Timestamp: 1.00", "X-Pad: \(padding)")
        #expect(first.utf8.count == size)
        let settings = Fixture.settings { $0.connectionsPerNode = 1 }
        try await WireServer.withServer({ .bytes($0.index == 0 ? first + Self.unasked : Self.own) }) { server in
            try await Fixture.withClient(settings) { client in
                let request = try Fixture.request(to: server.url)
                let verdicts = await withTaskGroup { group in
                    for _ in 0..<3 { group.addTask { await client.delete(request).verdict } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(verdicts == Array(repeating: .busy(status: 503), count: 3))
                #expect(server.requests.count == 3)
                #expect(server.connections == 2)
            }
        }
    }

    @Test("while no request is out close the connection", arguments: [unasked, "x"])
    func idle(surplus: String) async throws {
        let pieces = [Array(Self.own.utf8), Array(surplus.utf8)]
        try await WireServer.withServer({ _ in .pieces(pieces, thenCloses: false) }) { server in
            try await Fixture.withClient { client in
                let first = await client.delete(try Fixture.request(to: server.url))
                #expect(first.verdict == .busy(status: 503))
                while server.openConnections > 0 { await Task.yield() }
                #expect(await client.delete(try Fixture.request(to: server.url)).verdict == .busy(status: 503))
                #expect(server.connections == 2)
            }
        }
    }
}
