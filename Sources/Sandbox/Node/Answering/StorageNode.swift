import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A Firefox Sync storage node on loopback, for trying and testing: it verifies what real nodes verify, keeps data in
/// memory, and misbehaves when told to.
///
/// A node listens from `start` until `stop`. `withNode` does both.
package final class StorageNode: Sendable {
    /// The URL that tokens have to name.
    package let url: String
    /// Where the node listens; its faults and its log are under `/__sandbox__/` there.
    package let host: String
    package let port: Int
    private let responder: NodeResponder
    private let server: Task<Void, Never>
    private let listener: any Channel
    private let connections: CountedChannel

    package var data: StoredData { responder.data }
    package var log: RequestLog { responder.log }

    /// How the node misbehaves. Setting it starts the plan afresh: its seed, its counts and its rates.
    package var faults: FaultPlan {
        get { responder.faults.plan }
        set { responder.faults.plan = newValue }
    }

    /// Replaces the faults and keeps the plan's latency and seed.
    package func setFaults(_ faults: [Fault]) {
        let plan = responder.faults.plan
        responder.faults.plan = FaultPlan(faults, latency: plan.latency, workers: plan.workers, seed: plan.seed)
    }

    /// Starts a node; it takes requests when this returns.
    package static func start(_ configuration: Configuration) async throws(StorageNodeError) -> StorageNode {
        let path = configuration.basePath
        guard path.isEmpty || (path.hasPrefix("/") && !path.hasSuffix("/")) else { throw .badBasePath(path) }
        let responder = try NodeResponder(configuration)
        let host = configuration.host
        let address: @Sendable (Int) -> String = { port in
            configuration.publicURL ?? "http://\(host.contains(":") ? "[\(host)]" : host):\(port)\(path)"
        }
        let (listening, continuation) = AsyncStream.makeStream(of: Result<any Channel, any Error>.self)
        let connections = CountedChannel(
            HTTP1Channel { request, writer, channel in
                try await responder.respond(to: request, writer: writer, channel: channel)
            }
        )
        let service = connections.server(
            configuration: ServerConfiguration(address: .hostname(host, port: configuration.port), backlog: 4096),
            onServerRunning: { channel in
                responder.publicURL.withLock { $0 = address(channel.localAddress?.port ?? configuration.port) }
                continuation.yield(.success(channel))
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "storage-node", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let server = Task {
            do {
                try await service.run()
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        let first = await listening.first { _ in true }
        switch first {
        case .success(let listener):
            let port = listener.localAddress?.port ?? configuration.port
            return StorageNode(
                url: address(port),
                host: host,
                port: port,
                responder: responder,
                server: server,
                listener: listener,
                connections: connections
            )
        case .failure(let error):
            throw .cannotListen(host: host, port: configuration.port, reason: "\(error)")
        case nil:
            throw .cannotListen(host: host, port: configuration.port, reason: "cancelled")
        }
    }

    /// Closes every connection, whatever is in flight, and returns when nothing listens any more.
    package func stop() async {
        await acceptNoMore()
        server.cancel()
        await server.value
    }

    /// Returns when no connection is accepted any more and every accepted one is being served.
    private func acceptNoMore() async {
        try? await listener.setOption(.autoRead, value: false).get()
        // What was accepted just before is set up once its event loop gets to it.
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            try? await loop.submit {}.get()
        }
        while listener.isActive, connections.countOfWaiting > 0 { await Task.yield() }
        try? await listener.close().get()
    }

    /// Runs a node for as long as `body` runs.
    package static func withNode<Value>(
        _ configuration: Configuration,
        _ body: (StorageNode) async throws -> Value
    ) async throws -> Value {
        let node = try await start(configuration)
        do {
            let value = try await body(node)
            await node.stop()
            return value
        } catch {
            await node.stop()
            throw error
        }
    }

    private init(
        url: String,
        host: String,
        port: Int,
        responder: NodeResponder,
        server: Task<Void, Never>,
        listener: any Channel,
        connections: CountedChannel
    ) {
        self.url = url
        self.host = host
        self.port = port
        self.responder = responder
        self.server = server
        self.listener = listener
        self.connections = connections
    }
}
