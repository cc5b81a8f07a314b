import NIOCore
import NIOHTTP1

/// Answers the first request of a connection, and closes it.
final class AnsweringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let cache: AnswerCache
    private let hosts: AllowedHosts
    private var hasAnswered = false
    /// Whether the client has sent all that it will send.
    private var hasInputEnded = false
    private var isSent = false

    init(cache: AnswerCache, hosts: AllowedHosts) {
        self.cache = cache
        self.hosts = hosts
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let request) = unwrapInboundIn(data), !hasAnswered else { return }
        let isHead = request.method == .HEAD
        guard hosts.allow(request.headers["Host"]) else {
            return send(cache.otherName, isHead: isHead, context: context)
        }
        let answer = isHead || request.method == .GET ? cache.answer(to: request.uri) : cache.wrongMethod
        send(answer, isHead: isHead, context: context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !hasAnswered {
            send(cache.noRequest, isHead: false, context: context)
        } else {
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            hasInputEnded = true
            if !hasAnswered || isSent { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func send(_ answer: AnswerCache.Content, isHead: Bool, context: ChannelHandlerContext) {
        hasAnswered = true
        var headers = answer.headers
        headers.add(name: "Content-Length", value: String(answer.body.readableBytes))
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            self.isSent = true
            // The client closes its half once it has read everything; if not, the connection's time ends.
            channel.close(mode: self.hasInputEnded ? .all : .output, promise: nil)
        }
    }
}
