package import Purging
import Synchronization

/// Shows a run's progress on a terminal.
package final class ProgressObserver: RunObserver {
    private let line: ProgressLine
    private let total = Mutex<Int?>(nil)

    package init(line: ProgressLine) { self.line = line }

    package func observe(_ event: RunEvent) {
        switch event {
        case .backlogCounted(let size, _):
            total.withLock { $0 = size.toPurge }
        case .progressed(let done, let held, let failed):
            line.update(done: done, total: total.withLock { $0 }, held: held, failed: failed)
        case .finished:
            line.finish()
            total.withLock { $0 = nil }
        default: break
        }
    }
}
