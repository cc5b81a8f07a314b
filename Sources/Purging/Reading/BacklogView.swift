/// A backlog that is a part of another one: it has pages of its own, and passes on all else.
package protocol BacklogView: BacklogSource {
    var whole: any BacklogSource { get }
}

extension BacklogView {
    package func currentTime() async throws -> Timestamp { try await whole.currentTime() }

    package func nodes() async throws -> [Node] { try await whole.nodes() }

    package func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await whole.entries(uids, scope: scope)
    }

    /// It is read from its beginning.
    package func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? { nil }

    package func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await whole.recordCount(naming: node, limit: limit)
    }

    package func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int {
        try await whole.recordCount(of: mass, limit: limit)
    }

    package func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] { try await whole.standings(uids) }
}
