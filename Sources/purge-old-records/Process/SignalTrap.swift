import Foundation
import Synchronization

/// Catches signals, and passes them on to a thread of its own.
///
/// The second one of those that end the program ends it in the signal's handler itself: there it needs no thread's turn and
/// no lock, so it works whatever stands still.
enum SignalTrap {
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1]
    private static let isEnding = Atomic(false)
    /// Where the thread reads what the handler writes.
    private static let input = Atomic<Int32>(-1)
    private static let output = Atomic<Int32>(-1)

    /// Catches signals from here on; what comes before ``forEach(_:)`` waits for it. To be called once.
    static func set() {
        var ends: [Int32] = [-1, -1]
        // Without a pipe, a signal ends the program as if it weren't caught.
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        input.store(ends[0], ordering: .relaxed)
        output.store(ends[1], ordering: .relaxed)
        _ = isEnding.load(ordering: .relaxed)
        for number in signals {
            signal(number) { SignalTrap.catch($0) }
        }
    }

    /// Calls the body for each signal, one after the other; for all of them but the second one that ends the program.
    static func forEach(_ body: @escaping @Sendable (Int32) -> Void) {
        let thread = Thread {
            unblock()
            var byte: UInt8 = 0
            while true {
                let count = read(input.load(ordering: .relaxed), &byte, 1)
                if count == 1 {
                    body(Int32(byte))
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
        thread.name = "signals"
        thread.start()
    }

    /// The handler: no memory, no lock, nothing that isn't allowed in one.
    private static func `catch`(_ number: Int32) {
        if number == SIGTERM || number == SIGINT, isEnding.exchange(true, ordering: .relaxed) {
            _exit(128 + number)
        }
        let code = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(output.load(ordering: .relaxed), &byte, 1)
        errno = code
    }

    /// At least this thread takes signals, whatever the library does that made it.
    private static func unblock() {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
}
