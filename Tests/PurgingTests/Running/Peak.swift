import Synchronization

/// The greatest of the values that it was told.
final class Peak: Sendable {
    private let peak = Mutex(0)

    var value: Int { peak.withLock { $0 } }

    func note(_ value: Int) { peak.withLock { $0 = max($0, value) } }
}
