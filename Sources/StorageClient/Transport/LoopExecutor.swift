import NIOCore
import NIOPosix

/// Runs tasks on one event loop. Requests that are sent from there, and whoever waits for their answers, need no change of
/// threads, which costs more than the request itself. Nothing that runs on it may block.
package final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    package init() { loop = MultiThreadedEventLoopGroup.singleton.next() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
