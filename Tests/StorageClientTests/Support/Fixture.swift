import Purging
import Sandbox
import StorageClient
import SyncTokens

/// What the tests of the client share: a secret, a user, clocks that agree, and a client for as long as a test needs it.
enum Fixture {
    /// Where the clocks of client and nodes stand, in seconds since 1970.
    static let now = 1_700_000_000.0
    static let secretText = "a secret for tests"
    static let fxaUID = "0123456789abcdef0123456789abcdef"
    static let key = KeyID(timestamp: 1234, clientState: ClientState(bytes: Array(0..<16)))

    static func secret(_ text: String = secretText) -> MasterSecret {
        do {
            return try MasterSecret(text)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static func node(_ faults: Fault...) -> StorageNode.Configuration {
        var configuration = StorageNode.Configuration(secret: secret())
        configuration.now = { now }
        configuration.faults = FaultPlan(faults)
        return configuration
    }

    static func request(
        to url: String,
        uid: Int64 = 7,
        unmodifiedSince: Timestamp? = nil,
        notAfter: ContinuousClock.Instant? = nil
    ) throws -> DeleteRequest {
        DeleteRequest(
            target: try ServiceURL(url),
            uid: UID(uid),
            fxaUID: fxaUID,
            key: key,
            unmodifiedSince: unmodifiedSince,
            notAfter: notAfter
        )
    }

    /// Limits that no test has to wait for, unless it is about them.
    static func settings(_ change: (inout HTTPStorageNodeClient.Settings) -> Void = { _ in })
        -> HTTPStorageNodeClient.Settings
    {
        var settings = HTTPStorageNodeClient.Settings()
        settings.requestTimeout = .seconds(50)
        settings.connectTimeout = .seconds(50)
        change(&settings)
        return settings
    }

    static func withClient<Value>(
        _ settings: HTTPStorageNodeClient.Settings = settings(),
        time: any TimeSource = TestTime(),
        _ body: (HTTPStorageNodeClient) async throws -> Value
    ) async throws -> Value {
        let client = try HTTPStorageNodeClient(secret: secret(), settings: settings, time: time)
        do {
            let value = try await body(client)
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// A node, and a client with the node's URL.
    static func withNode<Value>(
        _ configuration: StorageNode.Configuration = node(),
        _ settings: HTTPStorageNodeClient.Settings = settings(),
        time: any TimeSource = TestTime(),
        _ body: (StorageNode, HTTPStorageNodeClient) async throws -> Value
    ) async throws -> Value {
        try await StorageNode.withNode(configuration) { node in
            try await withClient(settings, time: time) { try await body(node, $0) }
        }
    }

    /// The answer of a server that says these bytes to every request and hangs up, and how long it took.
    static func answer(
        saying reply: WireServer.Reply,
        _ settings: HTTPStorageNodeClient.Settings = settings()
    ) async throws -> NodeAnswer {
        try await WireServer.withServer({ _ in reply }) { server in
            try await withClient(settings) { await $0.delete(try request(to: server.url)) }
        }
    }

    /// The bytes of an answer without a body; lines end as HTTP wants them.
    static func head(_ status: String = "200 OK", _ fields: String...) -> String {
        (["HTTP/1.1 \(status)"] + fields + ["Content-Length: 0", "", ""]).joined(separator: "\r\n")
    }
}
