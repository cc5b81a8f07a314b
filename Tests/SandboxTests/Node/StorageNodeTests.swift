import Testing

@testable import Sandbox

@Suite("A storage node", .timeLimit(.minutes(1)))
struct StorageNodeTests {
    @Test("listens on a port of its own choice, and can have it again after a stop")
    func restart() async throws {
        let node = try await StorageNode.start(NodeFixture.configuration())
        #expect(node.port > 0)
        #expect(node.url == "http://127.0.0.1:\(node.port)")
        await node.stop()
        var configuration = NodeFixture.configuration()
        configuration.port = node.port
        try await NodeFixture.run(configuration) { fixture async throws in
            #expect(fixture.node.port == node.port)
            #expect(try await fixture.delete().status == 200)
        }
    }

    @Test("stops with connections open, and answers nobody then")
    func stop() async throws {
        let node = try await StorageNode.start(NodeFixture.configuration())
        try await NodeFixture.run { other async throws in
            let fixture = NodeFixture(node: node, client: other.client)
            #expect(try await fixture.delete().status == 200)
            await node.stop()
            await #expect(throws: (any Error).self) { try await fixture.exchange("GET / HTTP/1.1\r\n\r\n") }
        }
    }

    @Test("says so when it can't listen")
    func portTaken() async throws {
        try await NodeFixture.run { fixture in
            var configuration = NodeFixture.configuration()
            configuration.port = fixture.node.port
            let error = await #expect(throws: StorageNodeError.self) { try await StorageNode.start(configuration) }
            #expect(error?.description.contains("can't listen on 127.0.0.1:\(fixture.node.port)") == true)
        }
    }

    @Test("has a base path that begins with a slash and ends without", arguments: ["sync", "/sync/", "/"])
    func basePath(path: String) async {
        var configuration = NodeFixture.configuration()
        configuration.basePath = path
        await #expect(throws: StorageNodeError.badBasePath(path)) { try await StorageNode.start(configuration) }
    }

    @Test("answers a connection's next request after one that it refused")
    func keepAlive() async throws {
        try await NodeFixture.run { fixture in
            let request =
                "DELETE /1.5/7 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let answer = try await fixture.exchange(request)
            #expect(answer.contains("HTTP/1.1 401"))
            #expect(answer.contains("HTTP/1.1 404"))
        }
    }

    @Test(
        "writes dates as HTTP wants them",
        arguments: [
            (0.0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_704_067_199, "Sun, 31 Dec 2023 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ]
    )
    func dates(seconds: Double, text: String) {
        #expect(HTTPDate.text(seconds) == text)
    }

    @Test(
        "writes times with two decimals and reads them",
        arguments: [
            (0, "0.00"), (5, "0.05"), (100, "1.00"), (170_000_000_057, "1700000000.57"),
        ]
    )
    func times(hundredths: Int64, text: String) {
        #expect(StorageTime(hundredths: hundredths).description == text)
        #expect(StorageTime(text) == StorageTime(hundredths: hundredths))
    }

    @Test("reads no time where there is none", arguments: ["", "soon", "-1", "nan", "inf"])
    func noTime(text: String) {
        #expect(StorageTime(text) == nil)
    }

    @Test(
        "takes host and port apart",
        arguments: [
            ("127.0.0.1:8000", "127.0.0.1", 8000), ("sync.example", "sync.example", 80), ("[::1]:9", "[::1]", 9),
            ("[::1]", "[::1]", 80),
        ]
    )
    func authority(text: String, host: String, port: Int) {
        let split = RequestVerifier.split(text, defaultPort: 80)
        #expect(split.host == host && split.port == port)
    }

    @Test(
        "knows a set of uids",
        arguments: [
            ("1", [1], [0, 2]), ("5-9,1,7-12", [1, 5, 9, 10, 12], [0, 2, 4, 13]), ("3,1,2", [1, 2, 3], [0, 4]),
        ]
    )
    func uids(text: String, inside: [Int64], outside: [Int64]) throws {
        let selection = try #require(UIDSelection(text))
        #expect(inside.allSatisfy(selection.contains))
        #expect(!outside.contains(where: selection.contains))
    }

    @Test("writes JSON that holds any text")
    func json() {
        var json = JSONLine()
        json.add("a", "q\"b\\n\n\u{1}ü")
        json.add("n", Int?.none)
        json.add("b", true)
        #expect(json.line == #"{"a":"q\"b\\n\n\u0001ü","b":true}"#)
    }
}
