/// A backlog of certain records only: each is read anew, and is left out if it isn't purgeable any more.
package struct SelectedRecords: BacklogSource {
    private let source: any BacklogSource
    /// Their places in it are the backlog's order.
    private let uids: [UID]

    package init(_ uids: [UID], of source: any BacklogSource) {
        self.source = source
        self.uids = uids
    }

    package func page(_ query: BacklogQuery) async throws -> BacklogPage {
        let start = query.cursor.map { Int($0.tiebreaker) + 1 } ?? 0
        let bound = query.bound.map { Int(min($0.tiebreaker, Int64(uids.count))) + 1 } ?? uids.count
        let end = min(uids.count, bound, start + query.limit)
        if start >= end { return BacklogPage(entries: [], examinedUpTo: nil) }
        let read = try await source.entries(Array(uids[start..<end]), scope: query.scope)
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

    package func currentTime() async throws -> Timestamp { try await source.currentTime() }

    package func nodes() async throws -> [Node] { try await source.nodes() }

    package func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await source.entries(uids, scope: scope)
    }

    /// All of it is read from its beginning.
    package func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? { nil }

    package func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await source.recordCount(naming: node, limit: limit)
    }

    package func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int {
        try await source.recordCount(of: mass, limit: limit)
    }

    package func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] { try await source.standings(uids) }
}

/// Counts nothing: for a reading whose size is known.
package struct NoCounter: BacklogCounter {
    package init() {}

    package func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? { nil }

    package func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]? { nil }
}
