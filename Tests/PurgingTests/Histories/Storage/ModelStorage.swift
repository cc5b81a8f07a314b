import Synchronization

/// What the storage nodes hold. Which storage answers at a URL is a matter of names and proxies, not of `nodes`.
final class ModelStorage: Sendable {
    /// How a storage tells one user's data from another's.
    enum Keying: Sendable {
        case uid
        case account
    }

    /// One storage, however many URLs lead to it.
    struct Backend: Sendable {
        let name: String
        let keying: Keying
        /// Whether it minds `X-If-Unmodified-Since`, as syncstorage-rs does and go-syncstorage doesn't.
        let mindsConditions: Bool
    }

    /// Where a piece of data lies.
    struct Place: Hashable, Sendable {
        let storage: String
        let key: String
    }

    /// A user's data in one place.
    struct Data: Sendable {
        var writtenAt: Int64
        /// The uids of the tokens with which it was written.
        var uids: Set<Int64>
        /// Why no row leads here any more, through nobody's fault.
        var isAbandoned = false
    }

    /// What came of a DELETE.
    enum Deletion: Equatable, Sendable {
        case done(lastModified: Int64?)
        case writtenSince(Int64)
    }

    private struct State {
        var backends: [String: Backend]
        var data: [Place: Data] = [:]
    }

    private let state: Mutex<State>

    init(_ backends: [String: Backend]) { state = Mutex(State(backends: backends)) }

    func backend(_ url: String) -> Backend? { state.withLock { $0.backends[url] } }

    /// Another name for a storage.
    func add(_ url: String, for backend: Backend) { state.withLock { $0.backends[url] = backend } }

    var data: [Place: Data] { state.withLock(\.data) }

    func place(_ token: ModelToken) -> Place? {
        backend(token.url).map { backend in
            switch backend.keying {
            case .uid: Place(storage: backend.name, key: "\(token.uid)")
            case .account: Place(storage: backend.name, key: "\(token.fxaUID) \(token.key)")
            }
        }
    }

    /// Storage nodes tell time in hundredths of a second.
    func write(_ token: ModelToken, at moment: Int64, isOrphan: Bool) {
        guard let place = place(token) else { return }
        state.withLock { state in
            let known = state.data[place]
            state.data[place] = Data(
                writtenAt: moment / 10 * 10,
                uids: (known?.uids ?? []).union([token.uid]),
                isAbandoned: known?.isAbandoned ?? true && isOrphan
            )
        }
    }

    func change(_ place: Place, _ change: (inout Data) -> Void) {
        state.withLock { state in
            if var data = state.data[place] {
                change(&data)
                state.data[place] = data
            }
        }
    }

    /// Carries a DELETE out.
    func delete(_ token: ModelToken, unmodifiedSince limit: Int64?) -> Deletion {
        guard let place = place(token), let backend = backend(token.url) else { return .done(lastModified: nil) }
        return state.withLock { state in
            let written = state.data[place]?.writtenAt
            if backend.mindsConditions, let written, let limit, written > limit { return .writtenSince(written) }
            state.data[place] = nil
            return .done(lastModified: written)
        }
    }
}
