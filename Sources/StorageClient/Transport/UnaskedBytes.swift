import NIOCore

/// Stands before the decoder: closes a connection over which bytes come while no request is out, so that they are never
/// taken for the next request's answer.
final class UnaskedBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let exchanges: ExchangeHandler

    init(_ exchanges: ExchangeHandler) { self.exchanges = exchanges }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard exchanges.isAsking else { return exchanges.leave() }
        let bytes = unwrapInboundIn(data)
        context.fireChannelRead(data)
        exchanges.finishedReading(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        exchanges.finishedReadingAll()
    }
}
