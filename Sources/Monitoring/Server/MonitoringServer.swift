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

    /// - Parameter port: 0 for any free one.
    package static func start(
        host: String,
        port: Int,
        limits: ConnectionLimits = ConnectionLimits(),
        monitor: Monitor
    ) async throws(ListenError) -> MonitoringServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let responder = Responder(monitor: monitor)
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
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        connections.value.add(channel, on: channel.eventLoop)
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                            withPipeliningAssistance: false,
                            withErrorHandling: false
                        )
                        try channel.pipeline.syncOperations.addHandler(AnsweringHandler(cache: cache.value))
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

/// Answers the first request of a connection, and closes it.
private final class AnsweringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let cache: AnswerCache
    private var hasAnswered = false

    init(cache: AnswerCache) { self.cache = cache }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let request) = unwrapInboundIn(data), !hasAnswered else { return }
        let isHead = request.method == .HEAD
        let answer = isHead || request.method == .GET ? cache.answer(to: request.uri) : .wrongMethod
        send(answer, isHead: isHead, context: context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !hasAnswered {
            send(.line(400, "this is no HTTP request"), isHead: false, context: context)
        } else {
            context.close(promise: nil)
        }
    }

    private func send(_ answer: Answer, isHead: Bool, context: ChannelHandlerContext) {
        hasAnswered = true
        var headers = HTTPHeaders(answer.headers)
        headers.add(name: "Content-Length", value: String(answer.body.utf8.count))
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status),
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            // The client closes its half once it has read everything; if not, the connection's time ends.
            channel.close(mode: .output, promise: nil)
        }
    }
}

/// Keeps answers for a second, so that many questions cost as much as one.
private final class AnswerCache {
    private static let life = TimeAmount.seconds(1)

    private let responder: Responder
    private var answers: [String: (answer: Answer, until: NIODeadline)] = [:]

    init(_ responder: Responder) { self.responder = responder }

    func answer(to uri: String) -> Answer {
        let path = String(uri.prefix { $0 != "?" })
        let now = NIODeadline.now()
        if let kept = answers[path], kept.until > now { return kept.answer }
        guard let answer = responder.answer(to: path) else { return .notFound }
        answers[path] = (answer, now + Self.life)
        return answer
    }
}
