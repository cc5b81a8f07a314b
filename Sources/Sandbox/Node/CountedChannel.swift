import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Serves connections with HTTP, and counts those that were accepted and are not served yet.
///
/// While there are any, the server must not be cancelled: it would drop them as they are, which ends the process.
final class CountedChannel: ServerChildChannel {
    private let channel: HTTP1Channel
    private let waiting = Mutex(0)

    init(_ channel: HTTP1Channel) {
        self.channel = channel
    }

    var countOfWaiting: Int { waiting.withLock { $0 } }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        waiting.withLock { $0 += 1 }
        let value = self.channel.setup(channel: channel, logger: logger)
        value.whenFailure { _ in self.waiting.withLock { $0 -= 1 } }
        return value
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        waiting.withLock { $0 -= 1 }
        await channel.handle(value: value, logger: logger)
    }
}
