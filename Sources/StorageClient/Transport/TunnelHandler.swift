import Foundation
import NIOCore
import NIOSSL

/// Asks a proxy for a tunnel to the node (`CONNECT`), begins TLS in it, and steps aside.
final class TunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// No proxy has more to say.
    private static let mostHeadBytes = 16 * 1024
    private static let end = ByteBuffer(string: "\r\n\r\n")

    private let route: Route
    /// Nil if the node is spoken to plainly.
    private let tls: NIOSSLClientHandler?
    private var head = ByteBuffer()
    private var isDone = false

    init(_ route: Route, tls: NIOSSLClientHandler?) {
        self.route = route
        self.tls = tls
    }

    func channelActive(context: ChannelHandlerContext) {
        // Those behind must not speak before there is a tunnel; they hear of it below.
        let host = route.host.contains(":") ? "[\(route.host)]" : route.host
        var text = "CONNECT \(host):\(route.port) HTTP/1.1\r\nHost: \(host):\(route.port)\r\n"
        if let proxy = route.proxy, let user = proxy.user {
            let password = Data("\(user):\(proxy.password ?? "")".utf8).base64EncodedString()
            text += "Proxy-Authorization: Basic \(password)\r\n"
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        head.writeImmutableBuffer(unwrapInboundIn(data))
        let view = head.readableBytesView
        guard let end = view.firstRange(of: Self.end.readableBytesView) else {
            if head.readableBytes > Self.mostHeadBytes { fail("the proxy gave no readable answer", context) }
            return
        }
        let line = String(decoding: view.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), words[1].utf8.count == 3
        else { return fail("the proxy gave no readable answer", context) }
        guard (200..<300).contains(status) else { return fail("the proxy refused: status \(status)", context) }
        // Nobody at the other end speaks first.
        guard end.upperBound == view.endIndex else { return fail("the proxy gave no readable answer", context) }
        open(context)
    }

    private func open(_ context: ChannelHandlerContext) {
        isDone = true
        do {
            let pipeline = context.pipeline.syncOperations
            if let tls { try pipeline.addHandler(tls, position: .after(self)) }
            context.fireUserInboundEventTriggered(ReadinessHandler.TunnelOpened())
            pipeline.removeHandler(context: context, promise: nil)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    private func fail(_ what: String, _ context: ChannelHandlerContext) {
        isDone = true
        context.fireErrorCaught(TransportFailure.notSent(what))
        context.close(promise: nil)
    }
}
