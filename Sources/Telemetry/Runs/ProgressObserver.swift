package import Purging
import Synchronization

/// Shows a run's progress on a terminal.
package final class ProgressObserver: RunObserver {
    private let line: ProgressLine
    private let total = Mutex<Int?>(nil)

    /// How many deletions of data end a run; nil without a limit. What goes without a request doesn't count, and what is held gives its
    /// place back: so where the limit is less than the backlog, nobody knows the total.
    private let limit: Int?

    package init(line: ProgressLine, limit: Int? = nil) {
        self.line = line
        self.limit = limit
    }

    package func observe(_ event: RunEvent) {
        switch event {
        case .backlogCounted(let size, _):
            total.withLock { $0 = size.toPurge > limit ?? .max ? nil : size.toPurge }
        case .progressed(let done, let held, let failed):
            line.update(done: done, total: total.withLock { $0 }, held: held, failed: failed)
        case .finished:
            line.finish()
            total.withLock { $0 = nil }
        default: break
        }
    }
}
