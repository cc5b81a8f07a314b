import NIOCore
import NIOPosix
import Synchronization

/// A proxy on loopback that does what `CONNECT` asks, or refuses.
final class TunnelProxy: Sendable {
    private struct State {
        var heads: [String] = []
        var channels: [any Channel] = []
    }

    private let state = Mutex(State())
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    private let refusal: String?

    private init(refusal: String?) { self.refusal = refusal }

    /// What clients asked for, as it came.
    var heads: [String] { state.withLock { $0.heads } }
    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }

    /// - Parameter refusal: the status line for everybody; nil if they get what they ask for.
    static func withProxy<Value>(
        refusal: String? = nil,
        _ body: (TunnelProxy) async throws -> Value
    ) async throws -> Value {
        let proxy = TunnelProxy(refusal: refusal)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                proxy.state.withLock { $0.channels.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Client(proxy))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        proxy.listener.withLock { $0 = listener }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(proxy))
        } catch {
            result = .failure(error)
        }
        try? await listener.close()
        for channel in proxy.state.withLock({ $0.channels }) { try? await channel.close() }
        return try result.get()
    }

    /// Reads one `CONNECT`, then hands every byte on.
    private final class Client: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let proxy: TunnelProxy
        private var head = ""
        private var peer: (any Channel)?

        init(_ proxy: TunnelProxy) { self.proxy = proxy }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            if let peer {
                peer.writeAndFlush(bytes, promise: nil)
                return
            }
            head += String(buffer: bytes)
            guard head.hasSuffix("\r\n\r\n") else { return }
            proxy.state.withLock { $0.heads.append(head) }
            if let refusal = proxy.refusal {
                say("HTTP/1.1 \(refusal)\r\nContent-Length: 0\r\n\r\n", on: context.channel)
                return
            }
            let words = head.split(separator: " ")
            let target = words.count > 1 && words[0] == "CONNECT" ? words[1].split(separator: ":") : []
            guard target.count == 2, let port = Int(target[1]) else {
                context.close(promise: nil)
                return
            }
            connect(String(target[0]), port, for: context)
        }

        private func connect(_ host: String, _ port: Int, for context: ChannelHandlerContext) {
            let client = context.channel
            // On the client's event loop, so that both ends can be touched without a lock.
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Node(client))
                    }
                }
                .connect(host: host, port: port)
                .assumeIsolated()
                .whenComplete { result in
                    guard case .success(let channel) = result else {
                        client.close(promise: nil)
                        return
                    }
                    self.proxy.state.withLock { $0.channels.append(channel) }
                    self.peer = channel
                    self.say("HTTP/1.1 200 Connected\r\n\r\n", on: client)
                }
        }

        private func say(_ text: String, on channel: any Channel) {
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            peer?.close(promise: nil)
        }
    }

    private final class Node: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let client: any Channel

        init(_ client: any Channel) { self.client = client }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            client.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            client.close(promise: nil)
        }
    }
}
