import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Sandbox
import SyncTokens

/// A running node and a client that follows no redirects.
struct NodeFixture {
    let node: StorageNode
    let client: HTTPClient

    /// A configuration whose clock stands where `NodeUser`'s does.
    static func configuration() -> StorageNode.Configuration {
        var configuration = StorageNode.Configuration(secret: TestSecret.value)
        configuration.now = { 1_700_000_000 }
        return configuration
    }

    static func run(
        _ configuration: StorageNode.Configuration = configuration(),
        _ body: (NodeFixture) async throws -> Void
    ) async throws {
        try await StorageNode.withNode(configuration) { node in
            let client = HTTPClient(configuration: .init(redirectConfiguration: .disallow))
            do {
                try await body(NodeFixture(node: node, client: client))
                try await client.shutdown()
            } catch {
                try await client.shutdown()
                throw error
            }
        }
    }

    static func run(_ fault: Fault, _ body: (NodeFixture) async throws -> Void) async throws {
        var configuration = configuration()
        configuration.faults = FaultPlan([fault])
        try await run(configuration, body)
    }

    /// The signed DELETE of a user's data.
    func delete(_ user: NodeUser = NodeUser(), headers: [String: String] = [:]) async throws -> NodeAnswerSeen {
        try await signed("DELETE", "/1.5/\(user.uid)", by: user, headers: headers)
    }

    func signed(
        _ method: String,
        _ path: String,
        by user: NodeUser = NodeUser(),
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> NodeAnswerSeen {
        let authorization = try user.authorization(method, path, node: node.url, port: node.port)
        let headers = headers.merging(["Authorization": authorization]) { given, _ in given }
        return try await send(method, path, headers: headers, body: body)
    }

    func send(
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> NodeAnswerSeen {
        let response = try await open(method, path, headers: headers, body: body)
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        let seen = response.headers.map { ($0.name.lowercased(), $0.value) }
        let fields = Dictionary(seen, uniquingKeysWith: { first, _ in first })
        return NodeAnswerSeen(status: Int(response.status.code), headers: fields, body: text)
    }

    /// Sends a request and returns when the head of its answer is there.
    func open(
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(node.port)\(path)")
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders(headers.map { ($0.key, $0.value) })
        request.body = body.map { .bytes(ByteBuffer(string: $0)) }
        return try await client.execute(request, timeout: .seconds(30))
    }

    /// Everything that comes back over a connection of its own until the node closes it.
    func exchange(_ text: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: node.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var answer = ByteBuffer()
            for try await var part in inbound { answer.writeBuffer(&part) }
            return String(buffer: answer)
        }
    }

    /// Waits until the node handles that many requests.
    func waitForRequestsInFlight(_ count: Int) async {
        while node.log.counters.inFlight != count { await Task.yield() }
    }

    /// Gives a user of the default keying a hundred bytes, last modified at second 1000.
    func store(_ user: NodeUser = NodeUser()) {
        node.data.put(.uid(user.uid), lastModified: StorageTime(seconds: 1000), bytes: 100)
    }
}
