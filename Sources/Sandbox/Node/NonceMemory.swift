import Synchronization

/// The signatures that were used: at least the last so many of them, in bounded memory.
final class NonceMemory: Sendable {
    private struct State {
        var newer: Set<String> = []
        var older: Set<String> = []
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int = 500_000) {
        self.capacity = capacity
    }

    /// Remembers a signature; false if it was used before.
    func insert(_ signature: String) -> Bool {
        state.withLock { state in
            guard !state.older.contains(signature), state.newer.insert(signature).inserted else { return false }
            if state.newer.count >= capacity {
                state.older = state.newer
                state.newer = []
            }
            return true
        }
    }
}
