import Synchronization

/// What happened on a node: exact counters, the newest requests in memory, and all of them in a file if there is one.
///
/// A request is recorded before its answer is sent, so whoever has an answer finds it here. Safe to use from any
/// thread.
package final class RequestLog: Sendable {
    private struct State: ~Copyable {
        var counters = RequestCounters()
        var recent: [RequestLogEntry] = []
        /// Where the oldest entry is once `recent` is full.
        var oldest = 0
        let file: LogFile?

        init(file: consuming LogFile?) {
            self.file = file
        }
    }

    private let state: Mutex<State>
    private let capacity: Int

    /// - Parameters:
    ///   - capacity: how many entries are kept in memory; older ones are forgotten, the counters never are.
    ///   - path: a file to append to.
    package init(capacity: Int = 10_000, path: String? = nil) throws(StorageNodeError) {
        self.capacity = max(0, capacity)
        if let path {
            state = Mutex(State(file: try LogFile(path: path)))
        } else {
            state = Mutex(State(file: nil))
        }
    }

    package var counters: RequestCounters {
        state.withLock { $0.counters }
    }

    /// The newest entries, oldest first.
    package var entries: [RequestLogEntry] {
        state.withLock { Array($0.recent[$0.oldest...] + $0.recent[..<$0.oldest]) }
    }

    /// A request came in.
    ///
    /// - Returns: how many are in flight with it.
    func begin() -> Int {
        state.withLock { state in
            state.counters.inFlight += 1
            state.counters.maxInFlight = max(state.counters.maxInFlight, state.counters.inFlight)
            return state.counters.inFlight
        }
    }

    func record(_ entry: RequestLogEntry) {
        state.withLock { state in
            var entry = entry
            state.counters.count(entry)
            entry.sequence = state.counters.requests
            if state.recent.count < capacity {
                state.recent.append(entry)
            } else if capacity > 0 {
                state.recent[state.oldest] = entry
                state.oldest = (state.oldest + 1) % capacity
            }
            if let written = state.file?.append(entry.jsonLine), !written { state.counters.linesLost += 1 }
        }
    }

    /// A request that began is over.
    func end() {
        state.withLock { $0.counters.inFlight -= 1 }
    }
}
