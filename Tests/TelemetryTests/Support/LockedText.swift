import Foundation
import Synchronization

/// What a thread has read, for another one.
final class LockedText: Sendable {
    private let bytes = Mutex(Data())

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func append(_ data: Data) { bytes.withLock { $0 += data } }
}
