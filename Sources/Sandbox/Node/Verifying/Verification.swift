import Synchronization

/// Why a node does not take a request as signed.
enum VerificationFailure: Error, Equatable {
    case unsigned
    case header(String)
    case token(String)
    case otherNode
    case clockSkew
    case signature
    case replay

    /// For the answer's body; it repeats nothing of what the request held.
    var reason: String {
        switch self {
        case .unsigned: "the request has no Authorization header"
        case .header(let reason), .token(let reason): reason
        case .otherNode: "the token is for another node"
        case .clockSkew: "the signature's time is too far from this node's clock"
        case .signature: "the signature doesn't match the request"
        case .replay: "this signature was used before"
        }
    }
}

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
