import DequeModule
package import NIOCore

/// What one server spends on those who ask, whoever they are and however many.
package struct ConnectionLimits: Sendable {
    /// Connections at once; the oldest one gives way to a new one.
    package var connections = 128
    /// How long a connection may last, however slow its client is.
    package var lifetime = TimeAmount.seconds(10)
    /// Connections accepted per second. Each gets one answer.
    package var rate = 500.0
    /// Connections accepted at once after a quiet time.
    package var burst = 100.0

    package init() {}
}

/// Accepts connections at a limited rate; those that come faster wait in the system's queue.
final class AcceptPace: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let limits: ConnectionLimits
    private var allowance: Double
    private var refilledAt = NIODeadline.now()
    private var isWaiting = false

    init(limits: ConnectionLimits) {
        self.limits = limits
        allowance = limits.burst
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        allowance -= 1
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        allowance = min(limits.burst, allowance + Double((now - refilledAt).nanoseconds) / 1e9 * limits.rate)
        refilledAt = now
        if allowance >= 1 {
            context.read()
        } else if !isWaiting {
            isWaiting = true
            let delay = TimeAmount.nanoseconds(Int64((1 - allowance) / limits.rate * 1e9) + 1)
            context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                self.isWaiting = false
                self.read(context: context)
            }
        }
    }
}

/// The connections that are open, so that the oldest can give way, and none lasts too long. All on one event loop.
final class OpenConnections {
    private let limits: ConnectionLimits
    private var channels = Deque<any Channel>()

    init(limits: ConnectionLimits) { self.limits = limits }

    func add(_ channel: any Channel, on loop: any EventLoop) {
        channels.append(channel)
        if channels.count > limits.connections { channels.removeFirst().close(promise: nil) }
        let end = loop.scheduleTask(in: limits.lifetime) { channel.close(promise: nil) }
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            end.cancel()
            self.channels.removeAll { $0 === channel }
        }
    }
}
