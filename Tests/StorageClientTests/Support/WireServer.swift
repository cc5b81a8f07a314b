import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import SyncTokens
import Synchronization

/// A server on loopback that answers with given bytes, whatever they are, and remembers what it was sent.
final class WireServer: Sendable {
    enum Reply: Sendable {
        /// These bytes, over a connection that stays open.
        case bytes(String)
        case bytesAndClose(String)
        /// These bytes in pieces, a moment apart; then the end of the connection, or not.
        case pieces([[UInt8]], thenCloses: Bool)
        /// These bytes, and then another text again and again.
        case endless(String, then: String)
        case close
    }

    struct Request: Sendable {
        /// Counts from 0, over all connections.
        let index: Int
        /// Request line and header fields as they came.
        let head: String

        func field(_ name: String) -> String? {
            let prefix = name.lowercased() + ":"
            return head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(prefix) }
                .map { $0.dropFirst(prefix.count).drop { $0 == " " } }
                .map(String.init)
        }

        var hawk: HawkHeader? { field("Authorization").flatMap { try? HawkHeader(parsing: $0) } }
    }

    private struct State {
        var requests: [Request] = []
        var connections: [any Channel] = []
        var bytesSent = 0
    }

    private let state = Mutex(State())
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    private let reply: @Sendable (Request) -> Reply
    private let isSecure: Bool

    private init(isSecure: Bool, reply: @escaping @Sendable (Request) -> Reply) {
        self.isSecure = isSecure
        self.reply = reply
    }

    var requests: [Request] { state.withLock { $0.requests } }
    /// How many connections were ever accepted.
    var connections: Int { state.withLock { $0.connections.count } }
    var openConnections: Int { state.withLock { $0.connections.count { $0.isActive } } }
    var bytesSent: Int { state.withLock { $0.bytesSent } }
    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var url: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - address: where it listens, on loopback; at any port if none is named.
    ///   - welcome: hears of each connection, counted from 0, before anything is read from it; false resets it.
    static func withServer<Value>(
        address: (host: String, port: Int) = ("127.0.0.1", 0),
        tls: NIOSSLContext? = nil,
        welcome: @escaping @Sendable (Int) -> Bool = { _ in true },
        _ reply: @escaping @Sendable (Request) -> Reply,
        _ body: (WireServer) async throws -> Value
    ) async throws -> Value {
        let server = WireServer(isSecure: tls != nil, reply: reply)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                let index = server.state.withLock { state in
                    state.connections.append(channel)
                    return state.connections.count - 1
                }
                guard welcome(index) else {
                    let socket = channel as? any SocketOptionProvider
                    socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil)
                    }
                    return channel.eventLoop.makeSucceededFuture(())
                }
                return channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Conversation(server))
                }
            }
            .bind(host: address.host, port: address.port)
            .get()
        server.listener.withLock { $0 = listener }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        try? await listener.close()
        for connection in server.state.withLock({ $0.connections }) { try? await connection.close() }
        return try result.get()
    }

    private func reply(toHead head: String) -> Reply {
        let request = state.withLock { state in
            let request = Request(index: state.requests.count, head: head)
            state.requests.append(request)
            return request
        }
        return reply(request)
    }

    private func send(_ text: String, on channel: any Channel) -> EventLoopFuture<Void> {
        state.withLock { $0.bytesSent += text.utf8.count }
        return channel.writeAndFlush(ByteBuffer(string: text))
    }

    private func sendForever(_ text: String, on channel: any Channel) {
        send(text, on: channel).whenSuccess {
            // In a task of its own: a socket that takes everything at once would have us call ourselves for ever.
            channel.eventLoop.execute { self.sendForever(text, on: channel) }
        }
    }

    private func send(_ pieces: ArraySlice<[UInt8]>, thenCloses: Bool, on channel: any Channel) {
        guard let piece = pieces.first else {
            if thenCloses { channel.close(promise: nil) }
            return
        }
        channel.writeAndFlush(ByteBuffer(bytes: piece)).whenComplete { _ in
            let wait = TimeAmount.microseconds(pieces.count > 1 ? 500 : 0)
            channel.eventLoop.scheduleTask(in: wait) {
                self.send(pieces.dropFirst(), thenCloses: thenCloses, on: channel)
            }
        }
    }

    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let server: WireServer
        private var received = ""

        init(_ server: WireServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard received.hasSuffix("\r\n\r\n") else { return }
            let reply = server.reply(toHead: received)
            received = ""
            let channel = context.channel
            switch reply {
            case .bytes(let text):
                _ = server.send(text, on: channel)
            case .bytesAndClose(let text):
                server.send(text, on: channel).whenComplete { _ in channel.close(promise: nil) }
            case .pieces(let pieces, let thenCloses):
                server.send(pieces[...], thenCloses: thenCloses, on: channel)
            case .endless(let start, let text):
                let server = server
                server.send(start, on: channel).whenSuccess { server.sendForever(text, on: channel) }
            case .close:
                channel.close(promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
