import Purging
import Sandbox
import StorageClient
import Synchronization
import Testing

@Suite("Many requests at once", .timeLimit(.minutes(1)))
struct ConcurrencyTests {
    private static let reply = WireServer.Reply.bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00"))

    @Test("never have more connections to a node than they may, and lose nothing")
    func limit() async throws {
        let settings = Fixture.settings { $0.connectionsPerNode = 8 }
        var configuration = Fixture.node()
        configuration.faults = FaultPlan(latency: Latency(.milliseconds(3), jitter: .milliseconds(5)))
        try await Fixture.withNode(configuration, settings) { node, client in
            for uid: Int64 in 1...200 { node.data.put(.uid(uid), lastModified: StorageTime(seconds: 5), bytes: 5) }
            let answers = try await Self.send(200, to: node.url, client)
            #expect(answers.allSatisfy { $0.verdict == .confirmed(lastModified: 5) })
            let counters = node.log.counters
            #expect(counters.requests == 200 && counters.deletesRemovingData == 200)
            #expect((2...8).contains(counters.maxInFlight))
        }
    }

    @Test("share connections and use them again")
    func reuse() async throws {
        let settings = Fixture.settings { $0.connectionsPerNode = 8 }
        try await WireServer.withServer({ _ in Self.reply }) { server in
            try await Fixture.withClient(settings) { client in
                let answers = try await Self.send(200, to: server.url, client)
                #expect(answers.allSatisfy { $0.verdict == .confirmed(lastModified: nil) })
                let connections = server.connections
                #expect(connections <= 8)
                for _ in 0..<50 { _ = await client.delete(try Fixture.request(to: server.url)) }
                #expect(server.connections == connections)
                #expect(server.requests.count == 250)
            }
        }
    }

    @Test("one after the other need one connection, after refusals and long answers too")
    func oneConnection() async throws {
        let body = String(repeating: "x", count: 15_000)
        let long = "HTTP/1.1 503 No\r\nContent-Length: 15000\r\n\r\n\(body)"
        try await WireServer.withServer({ $0.index % 2 == 0 ? .bytes(long) : Self.reply }) { server in
            try await Fixture.withClient { client in
                for _ in 0..<20 { _ = await client.delete(try Fixture.request(to: server.url)) }
                #expect(server.requests.count == 20)
                #expect(server.connections == 1)
            }
        }
    }

    @Test("to one node don't wait for another that hangs")
    func isolation() async throws {
        let settings = Fixture.settings { $0.connectionsPerNode = 2 }
        try await Fixture.withNode(Fixture.node(Fault(.hang)), settings) { hanging, client in
            try await StorageNode.withNode(Fixture.node()) { node in
                let request = try Fixture.request(to: hanging.url)
                let stuck = (0..<2).map { _ in Task { await client.delete(request) } }
                while hanging.log.counters.inFlight < 2 { await Task.yield() }
                let answers = try await Self.send(20, to: node.url, client)
                #expect(answers.allSatisfy { $0.verdict == .confirmed(lastModified: 0) })
                for task in stuck {
                    task.cancel()
                    #expect(await task.value.verdict == .abandoned)
                }
            }
        }
    }

    @Test("get the answers that are theirs", arguments: [UInt64.random(in: 0...999_999)])
    func mixed(seed: UInt64) async throws {
        // The seed stands in the test's name; it decides which users the node fails.
        var generator = SeededGenerator(seed: seed)
        let failing = Set((0..<40).map { _ in Int64.random(in: 1...200, using: &generator) })
        var fault = Fault(.status(503))
        fault.uids = UIDSelection(failing)
        var configuration = Fixture.node(fault)
        configuration.faults.latency = Latency(.zero, jitter: .milliseconds(3))
        try await Fixture.withNode(configuration) { node, client in
            let answers = try await Self.send(200, to: node.url, client)
            for (index, answer) in answers.enumerated() {
                let isFailing = failing.contains(Int64(index + 1))
                #expect(answer.verdict == (isFailing ? .busy(status: 503) : .confirmed(lastModified: 0)))
            }
        }
    }

    /// The answers to requests for the users 1 to `count`, all handed over at once.
    private static func send(_ count: Int, to url: String, _ client: HTTPStorageNodeClient) async throws -> [NodeAnswer]
    {
        let requests = try (1...count).map { try Fixture.request(to: url, uid: Int64($0)) }
        return await withTaskGroup { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, await client.delete(request)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        .sorted { $0.0 < $1.0 }
        .map(\.1)
    }
}
