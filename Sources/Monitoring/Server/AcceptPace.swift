import NIOCore

/// Accepts connections at a limited rate; those that come faster wait in the system's queue.
final class AcceptPace: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private static let pauseAfterError = TimeAmount.seconds(1)

    private let limits: ServerLimits
    private var allowance: Double
    private var refilledAt = NIODeadline.now()
    private var isWaiting = false

    init(limits: ServerLimits) {
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

    /// Where the process has no file descriptor left, a connection can't be accepted and doesn't go away either: asking at
    /// once again would keep this thread busy.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError else {
            context.fireErrorCaught(error)
            return
        }
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenComplete { _ in
            channel.eventLoop.scheduleTask(in: Self.pauseAfterError) {
                channel.setOption(.autoRead, value: true).whenComplete { _ in }
            }
        }
    }
}
