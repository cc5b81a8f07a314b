import Purging
import TestSupport
import Testing

@Suite("A stop signal")
struct StopSignalTests {
    @Test("wakes everyone who waits, once it was requested, and lets nobody wait any more")
    func request() async {
        let signal = StopSignal()
        #expect(!signal.isRequested)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask { await signal.wait() }
            }
            group.addTask {
                signal.request()
                signal.request()
            }
        }
        #expect(signal.isRequested)
        await signal.wait()
    }

    @Test("lets a waiter go whose task is cancelled, without being requested")
    func cancellation() async {
        let signal = StopSignal()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await signal.wait() }
            group.cancelAll()
        }
        #expect(!signal.isRequested)
    }
}
