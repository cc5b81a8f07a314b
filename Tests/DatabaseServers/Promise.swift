import Synchronization

/// A value that comes once, awaited by any number of tasks.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case waiting([@Sendable (Value) -> Void])
        case fulfilled(Value)
    }

    private let state = Mutex(State.waiting([]))

    var isFulfilled: Bool {
        state.withLock { state in
            if case .fulfilled = state { true } else { false }
        }
    }

    /// Further values are ignored.
    func fulfil(_ value: Value) {
        let callbacks = state.withLock { state -> [@Sendable (Value) -> Void] in
            guard case .waiting(let callbacks) = state else { return [] }
            state = .fulfilled(value)
            return callbacks
        }
        for callback in callbacks { callback(value) }
    }

    /// Calls back with the value, at once if it is there.
    func whenFulfilled(_ callback: @escaping @Sendable (Value) -> Void) {
        let value = state.withLock { state -> Value? in
            switch state {
            case .waiting(let callbacks):
                state = .waiting(callbacks + [callback])
                return nil
            case .fulfilled(let value): return value
            }
        }
        if let value { callback(value) }
    }

    func value() async -> Value {
        await withCheckedContinuation { continuation in
            whenFulfilled { continuation.resume(returning: $0) }
        }
    }
}
