import Purging
import StorageClient
import Testing

@Suite("A status that no storage node sends", .timeLimit(.minutes(1)))
struct StrangeStatusTests {
    @Test(
        "is misrouted, closes the connection and harms nobody",
        arguments: ["000 OK", "001 OK", "099 OK", "101 Switching Protocols", "600 What", "999 Denied"]
    )
    func final(status: String) async throws {
        for body in [
            "Content-Length: 0\r\n\r\n", "Content-Length: 2\r\n\r\nhi", "\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let text = "HTTP/1.1 \(status)\r\nX-Weave-Timestamp: 1.00\r\nUpgrade: x\r\n" + body
            try await WireServer.withServer({ _ in .bytes(text) }) { server in
                try await Fixture.withClient { client in
                    let answer = await client.delete(try Fixture.request(to: server.url))
                    guard case .misrouted = answer.verdict else {
                        Issue.record("\(answer.verdict)")
                        return
                    }
                    #expect(answer.status == Int(status.prefix(3)))
                    while server.openConnections > 0 { await Task.yield() }
                }
            }
        }
    }

    @Test(
        "is only the beginning if it is provisional",
        arguments: [
            ["100 Continue"], ["102 Processing"], ["103 Early Hints"], ["199 X"], Array(repeating: "100 X", count: 50),
        ]
    )
    func provisional(statuses: [String]) async throws {
        let interim = statuses.map { "HTTP/1.1 \($0)\r\nX-Weave-Timestamp: 1.00\r\nX-Last-Modified: 1.00\r\n\r\n" }
            .joined()
        let reply = interim + Fixture.head("200 OK", "X-Weave-Timestamp: 1.00")
        #expect(try await Fixture.answer(saying: .bytes(reply)).verdict == .confirmed(lastModified: nil))
        let only = try await Fixture.answer(saying: .bytesAndClose(interim))
        #expect(only.verdict == .unreachable(what: "connection closed", sent: true))
    }

    @Test("is no answer if it never ends to be provisional")
    func endless() async throws {
        let reply = WireServer.Reply.endless("", then: "HTTP/1.1 100 Continue\r\n\r\n")
        let settings = Fixture.settings { $0.requestTimeout = .milliseconds(300) }
        let answer = try await Fixture.answer(saying: reply, settings)
        #expect(answer.verdict == .timedOut)
    }

    @Test(
        "is no answer if it is not even one",
        arguments: [
            "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 OK", "HTTP/2.0 200 OK",
            "HTTP/0.9 200 OK",
            "ICY 200 OK", "200 OK", "HTTP/1.1  ", "SIP/2.0 200 OK",
        ]
    )
    func none(line: String) async throws {
        let reply = WireServer.Reply.bytesAndClose("\(line)\r\nX-Weave-Timestamp: 1.00\r\nContent-Length: 0\r\n\r\n")
        let answer = try await Fixture.answer(saying: reply)
        guard case .unreachable(_, sent: true) = answer.verdict else {
            Issue.record("\(answer.verdict)")
            return
        }
    }
}
