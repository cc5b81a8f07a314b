import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// What the control interface tells about a node.
package struct NodeStatistics: Sendable, Hashable, Codable {
    /// What tokens have to name.
    package var url: String
    /// How many users have data.
    package var users: Int
    /// The size of everybody's data.
    package var bytes: Int
    package var counters: RequestCounters
}

/// Why a node could not be started.
package enum StorageNodeError: Error, Hashable {
    case cannotListen(host: String, port: Int, reason: String)
    case cannotOpenLog(path: String, reason: String)
    case badBasePath(String)
}

extension StorageNodeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "The node can't listen on \(host):\(port) (\(reason)). Choose another port, or 0 for any that is free."
        case .cannotOpenLog(let path, let reason):
            "The request log \(path) can't be opened (\(reason)). Name a file in a folder that can be written to."
        case .badBasePath(let path):
            "The base path \"\(path)\" is not one. It begins with a slash and does not end with one, as in /sync."
        }
    }
}

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
