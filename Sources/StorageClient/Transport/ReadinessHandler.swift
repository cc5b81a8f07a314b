import NIOCore
import NIOTLS

/// Tells when a new connection is ready for requests, or why it never will be.
final class ReadinessHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    enum Stage: Sendable {
        case connecting, opensTunnel, shakesHands
    }

    /// A tunnel through a proxy is open.
    struct TunnelOpened: Sendable {}

    private let ready: EventLoopPromise<Void>
    private let stages: [Stage]
    private let entering: (Stage) -> Void
    private var passed = 0

    /// - Parameters:
    ///   - stages: what has to be done, in this order.
    ///   - entering: hears of each stage that follows the first.
    init(_ stages: [Stage], on loop: any EventLoop, entering: @escaping (Stage) -> Void) {
        self.stages = stages
        self.entering = entering
        ready = loop.makePromise(of: Void.self)
    }

    var whenReady: EventLoopFuture<Void> { ready.futureResult }

    func channelActive(context: ChannelHandlerContext) {
        pass(.connecting)
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TunnelOpened { pass(.opensTunnel) }
        if case .handshakeCompleted = event as? TLSUserEvent { pass(.shakesHands) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ready.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ready.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { ready.fail(ChannelError.eof) }

    private func pass(_ done: Stage) {
        guard passed < stages.count, stages[passed] == done else { return }
        passed += 1
        if passed < stages.count { entering(stages[passed]) } else { ready.succeed() }
    }
}
