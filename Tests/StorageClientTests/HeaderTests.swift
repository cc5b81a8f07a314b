import Purging
import Sandbox
import StorageClient
import Testing

@Suite("An answer's headers", .timeLimit(.minutes(1)))
struct HeaderTests {
    private static let timestamp = "X-Weave-Timestamp: 1700000000.00"

    @Test("are a receipt: when the data had been written last, or that there was none")
    func receipt() async throws {
        try await Fixture.withNode { node, client in
            node.data.put(.uid(7), lastModified: StorageTime(seconds: 1_234_567.89), bytes: 5)
            let request = try Fixture.request(to: node.url)
            #expect(await client.delete(request).verdict == .confirmed(lastModified: 1_234_567.89))
            #expect(await client.delete(request).verdict == .confirmed(lastModified: 0))
        }
    }

    @Test("ask for quiet with any status", arguments: [200, 204, 302, 401, 404, 412, 429, 500, 503, 513])
    func quiet(status: Int) async throws {
        var fault = Fault(.status(status))
        fault.backoff = 30
        try await Fixture.withNode(Fixture.node(fault)) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.quiet == .seconds(30))
            #expect(answer.retryAfter == nil)
        }
    }

    @Test("ask for quiet under two names, of which the longer time counts", arguments: [(30, 40), (40, 30)])
    func longerQuiet(weave: Int, plain: Int) async throws {
        var fault = Fault(.asUsual)
        (fault.backoff, fault.xBackoff) = (weave, plain)
        try await Fixture.withNode(Fixture.node(fault)) { node, client async throws in
            #expect(await client.delete(try Fixture.request(to: node.url)).quiet == .seconds(40))
            fault.backoff = nil
            node.setFaults([fault])
            #expect(await client.delete(try Fixture.request(to: node.url)).quiet == .seconds(plain))
        }
    }

    @Test(
        "say when to try again, in seconds or as a date in any form that HTTP knows",
        arguments: [
            ("10", Duration.seconds(10)),
            ("0", .zero),
            ("1.5", .milliseconds(1500)),
            ("Tue, 14 Nov 2023 22:13:40 GMT", .seconds(20)),
            ("Tuesday, 14-Nov-23 22:13:40 GMT", .seconds(20)),
            ("Tue Nov 14 22:13:40 2023", .seconds(20)),
            ("Wed Jan  3 22:13:20 2024", .seconds(50 * 86_400)),
            // What is past is now.
            ("Tue, 14 Nov 2023 22:13:00 GMT", .zero),
        ]
    )
    func retryAfter(text: String, expected: Duration) async throws {
        var fault = Fault(.status(503))
        fault.retryAfter = text
        try await Fixture.withNode(Fixture.node(fault)) { node, client async throws in
            #expect(await client.delete(try Fixture.request(to: node.url)).retryAfter == expected)
        }
    }

    @Test("give dates by the node's own clock, however far it is from ours", arguments: [-86_400, -90, 90, 86_400])
    func retryAfterByNode(offset: Int) async throws {
        var fault = Fault(.status(503))
        fault.retryAfter = "Tue, 14 Nov 2023 22:13:40 GMT"
        let time = TestTime(wallSeconds: Fixture.now + Double(offset))
        try await Fixture.withNode(Fixture.node(fault), time: time) { node, client async throws in
            #expect(await client.delete(try Fixture.request(to: node.url)).retryAfter == .seconds(20))
        }
        let timestampOnly = Fixture.head("503 No", Self.timestamp, "Retry-After: Tue, 14 Nov 2023 22:13:40 GMT")
        try await WireServer.withServer({ _ in .bytes(timestampOnly) }) { server in
            try await Fixture.withClient(time: time) { client async throws in
                #expect(await client.delete(try Fixture.request(to: server.url)).retryAfter == .seconds(20))
            }
        }
    }

    @Test("give dates by our clock where the node doesn't tell its own")
    func retryAfterByUs() async throws {
        let reply = Fixture.head("503 No", "Retry-After: Tue, 14 Nov 2023 22:13:40 GMT")
        #expect(try await Fixture.answer(saying: .bytes(reply)).retryAfter == .seconds(20))
    }

    @Test("never ask for more than a year", arguments: ["31536001", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"])
    func forEver(text: String) async throws {
        let reply = Fixture.head("503 No", "Retry-After: \(text)", "X-Backoff: 99999999999999999999")
        let answer = try await Fixture.answer(saying: .bytes(reply))
        #expect(answer.retryAfter == .seconds(31_536_000))
        #expect(answer.quiet == .seconds(31_536_000))
    }

    @Test(
        "count for nothing where they make no sense",
        arguments: ["", "soon", "-1", "nan", "inf", "1,2", "10 s", "Tue, 99 Nov 2023 22:13:40 GMT", "\u{FC}\u{1F600}"]
    )
    func nonsense(text: String) async throws {
        let reply = Fixture.head(
            "200 OK",
            Self.timestamp,
            "Retry-After: \(text)",
            "X-Weave-Backoff: \(text)",
            "X-Backoff: \(text)",
            "X-Last-Modified: \(text)",
            "Date: \(text)",
            "WWW-Authenticate: \(text)",
            "Server: \(text)"
        )
        let answer = try await Fixture.answer(saying: .bytes(reply))
        #expect(answer.verdict == .confirmed(lastModified: nil))
        #expect(answer.quiet == nil && answer.retryAfter == nil)
    }

    @Test("are no storage node's if their timestamp is none", arguments: ["", "soon", "-1", "0.00", "nan", "inf"])
    func noTimestamp(text: String) async throws {
        let answer = try await Fixture.answer(saying: .bytes(Fixture.head("200 OK", "X-Weave-Timestamp: \(text)")))
        guard case .misrouted(200, _) = answer.verdict else {
            Issue.record("\(answer.verdict)")
            return
        }
    }

    @Test("name a stranger in plain characters, and not many")
    func stranger() async throws {
        let server = "Server: a\"b\u{1F600}c\(String(repeating: "d", count: 500))"
        let reply = Fixture.head("302 Found", Self.timestamp, server)
        let answer = try await Fixture.answer(saying: .bytes(reply))
        let name = "abc" + String(repeating: "d", count: 77)
        #expect(answer.verdict == .misrouted(status: 302, what: name))
        // A long name does not hide to where it redirects.
        let elsewhere = Fixture.head("302 Found", Self.timestamp, server, "Location: https://elsewhere.example/1.5/7")
        let redirected = try await Fixture.answer(saying: .bytes(elsewhere))
        #expect(
            redirected.verdict == .misrouted(status: 302, what: "\(name), redirects to https://elsewhere.example")
        )
    }
}
