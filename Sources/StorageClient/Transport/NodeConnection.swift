import NIOCore

/// A connection that is ready for requests, one after the other.
final class NodeConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<ExchangeHandler>
    private let made: ContinuousClock.Instant

    /// - Parameter handler: the last of the channel's handlers. Called on the channel's event loop.
    init(_ channel: any Channel, _ handler: ExchangeHandler, made: ContinuousClock.Instant) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.made = made
    }

    /// The address at the other end, as a text without the port.
    var address: String? { channel.remoteAddress?.ipAddress }

    var isOpen: Bool { channel.isActive }

    func age(at now: ContinuousClock.Instant) -> Duration { now - made }

    /// Sends the request, unless it must not be sent any more.
    ///
    /// - Parameter done: called once, on the event loop, when the connection is done with it.
    func carryOut(_ exchange: Exchange, done: @escaping @Sendable (ExchangeHandler.Ending) -> Void) {
        exchange.isHeld(by: self)
        onLoop { $0.begin(exchange, done: done) }
    }

    func whenClosed(_ action: @escaping @Sendable () -> Void) { channel.closeFuture.whenComplete { _ in action() } }

    func close() { channel.close(promise: nil) }

    /// Closes it after this time, unless a request comes before.
    func close(whenIdleFor time: TimeAmount) { onLoop { $0.closeIfIdle(for: time) } }

    /// At once for whoever runs on the channel's event loop.
    private func onLoop(_ action: @escaping @Sendable (ExchangeHandler) -> Void) {
        if channel.eventLoop.inEventLoop { return action(handler.value) }
        channel.eventLoop.execute { action(self.handler.value) }
    }
}

extension NodeConnection: ExchangeHolder {
    func letGo(of exchange: Exchange) { onLoop { $0.abort(exchange) } }
}
