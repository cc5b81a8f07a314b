import DequeModule
import NIOCore

/// The connections that are open, so that the oldest can give way, and none lasts too long. All on one event loop.
final class OpenConnections {
    private let limits: ServerLimits
    private var channels = Deque<any Channel>()

    init(limits: ServerLimits) { self.limits = limits }

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
