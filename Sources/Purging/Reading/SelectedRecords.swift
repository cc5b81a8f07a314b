/// A backlog of certain records only: each is read anew, and is left out if it isn't purgeable any more.
package struct SelectedRecords: BacklogView {
    package let whole: any BacklogSource
    /// Their places in it are the backlog's order.
    private let uids: [UID]

    package init(_ uids: [UID], of source: any BacklogSource) {
        whole = source
        self.uids = uids
    }

    package func page(_ query: BacklogQuery) async throws -> BacklogPage {
        let start = query.cursor.map { Int($0.tiebreaker) + 1 } ?? 0
        let bound = query.bound.map { Int(min($0.tiebreaker, Int64(uids.count))) + 1 } ?? uids.count
        let end = min(uids.count, bound, start + query.limit)
        if start >= end { return BacklogPage(entries: [], examinedUpTo: nil) }
        let read = try await whole.entries(Array(uids[start..<end]), scope: query.scope)
        let byUID = Dictionary(read.map { ($0.record.uid, $0) }, uniquingKeysWith: { first, _ in first })
        let entries = (start..<end).compactMap { place in
            byUID[uids[place]].flatMap { entry in
                query.nodes.contains(entry.record.nodeID) ? entry.planned(as: nil, at: Self.key(place)) : nil
            }
        }
        return BacklogPage(entries: entries, examinedUpTo: end < min(uids.count, bound) ? Self.key(end - 1) : nil)
    }

    private static func key(_ place: Int) -> BacklogKey {
        BacklogKey(replacedAt: Timestamp(0), tiebreaker: Int64(place))
    }
}

/// Counts nothing: for a reading whose size is known.
package struct NoCounter: BacklogCounter {
    package init() {}

    package func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? { nil }

    package func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]? { nil }
}
