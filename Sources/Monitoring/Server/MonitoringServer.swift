import NIOCore
import NIOHTTP1
import NIOPosix

/// Why nothing can listen at an address.
package struct ListenError: Error, CustomStringConvertible {
    package let description: String
}

/// A small HTTP server for those who watch: one thread of its own, one answer for each connection, and limits on all
/// that a client could want too much of. So whatever comes in, the runs beside it keep their pace.
///
/// It ends with the process.
package struct MonitoringServer: Sendable {
    /// Where it listens, with the port that it got.
    package let address: String
    package let port: Int
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - names: by which it may be asked on loopback, besides `localhost` and addresses.
    package static func start(
        host: String,
        port: Int,
        names: [String] = [],
        limits: ServerLimits = ServerLimits(),
        monitor: Monitor
    ) async throws(ListenError) -> MonitoringServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let responder = Responder(monitor: monitor)
        let hosts = AllowedHosts(boundTo: host, names: names)
        let loop = group.next()
        do {
            let connections = try await loop.submit {
                NIOLoopBound(OpenConnections(limits: limits), eventLoop: loop)
            }.get()
            let cache = try await loop.submit { NIOLoopBound(AnswerCache(responder), eventLoop: loop) }.get()
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AcceptPace(limits: limits))
                    }
                }
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        connections.value.add(channel, on: channel.eventLoop)
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                            withPipeliningAssistance: false,
                            withErrorHandling: false
                        )
                        try channel.pipeline.syncOperations.addHandler(
                            AnsweringHandler(cache: cache.value, hosts: hosts)
                        )
                    }
                }
                .bind(host: host, port: port).get()
            let bound = channel.localAddress?.port ?? port
            return MonitoringServer(
                address: host.contains(":") ? "[\(host)]:\(bound)" : "\(host):\(bound)",
                port: bound,
                channel: channel,
                group: group
            )
        } catch {
            try? await group.shutdownGracefully()
            throw ListenError(description: "can't listen on \(host), port \(port): \(Self.reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return switch error.errnoCode {
        case EADDRINUSE: "another program listens there; give another port with --listen"
        case EADDRNOTAVAIL: "this machine has no such address; give another one with --listen"
        case EACCES: "that takes more privileges; give a port above 1023 with --listen"
        default: "\(error)"
        }
    }

    /// For tests.
    package func stop() async {
        try? await channel.close().get()
        try? await group.shutdownGracefully()
    }
}
