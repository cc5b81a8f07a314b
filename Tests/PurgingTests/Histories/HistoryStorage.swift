import Purging
import SyncTokens
import Synchronization
import TestSupport

/// What the storage nodes of a history hold: some key by uid, the others share one storage that keys by account.
final class HistoryStorage: Sendable {
    /// Where a piece of data lies.
    enum Place: Hashable, Sendable {
        case uid(node: String, UID)
        case account(fxaUID: String, key: String)
    }

    /// A deletion as it was carried out.
    struct Deletion: Sendable {
        let purger: Int
        let uid: UID
        let target: String
        let key: String
    }

    private struct State {
        /// When each piece was last written.
        var data: [Place: Milliseconds] = [:]
        var deletions: [Deletion] = []
    }

    private let accountNodes: Set<String>
    private let state = Mutex(State())

    init(accountNodes: Set<String>) { self.accountNodes = accountNodes }

    var deletions: [Deletion] { state.withLock(\.deletions) }

    func place(node: String, uid: UID, fxaUID: String, key: String) -> Place {
        accountNodes.contains(node) ? .account(fxaUID: fxaUID, key: key) : .uid(node: node, uid)
    }

    func write(_ place: Place, at moment: Milliseconds) { state.withLock { $0.data[place] = moment } }

    func holds(_ place: Place) -> Bool { state.withLock { $0.data[place] != nil } }

    /// With the node, what it stored is gone.
    func removeNode(_ node: String) {
        state.withLock { state in
            state.data = state.data.filter { place, _ in
                if case .uid(node, _) = place { false } else { true }
            }
        }
    }

    /// Carries a DELETE out.
    func delete(_ request: DeleteRequest, by purger: Int) -> NodeAnswer.Verdict {
        let place = place(
            node: request.target.text,
            uid: request.uid,
            fxaUID: request.fxaUID,
            key: request.key.text
        )
        return state.withLock { state in
            let written = state.data[place]
            if let written, let limit = request.unmodifiedSince, written > limit { return .writtenSince }
            state.data[place] = nil
            state.deletions.append(
                Deletion(purger: purger, uid: request.uid, target: request.target.text, key: request.key.text)
            )
            return .confirmed(lastModified: written.map { Double($0.rawValue) / 1000 } ?? 0)
        }
    }
}
