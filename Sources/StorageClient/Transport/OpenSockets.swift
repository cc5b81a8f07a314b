import NIOCore
import Synchronization

/// How many sockets to nodes are open, idle ones included, and who closes idle ones when there are too many.
final class OpenSockets: Sendable {
    private let limit: Int
    private let count = Atomic(0)
    private let closing = Mutex<(@Sendable () -> Void)?>(nil)

    init(limit: Int) { self.limit = limit }

    /// Who closes every idle connection.
    func whenCrowded(_ close: @escaping @Sendable () -> Void) { closing.withLock { $0 = close } }

    func opened(_ channel: any Channel) {
        count.add(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { [self] _ in count.subtract(1, ordering: .relaxed) }
    }

    /// Has idle connections closed where there are as many as allowed, or whatever there are.
    func makeRoom(isUrgent: Bool = false) {
        if isUrgent || count.load(ordering: .relaxed) >= limit { closing.withLock { $0 }?() }
    }
}
