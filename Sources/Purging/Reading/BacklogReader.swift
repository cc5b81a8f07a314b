/// Reads the backlog, with the nodes as they are at that time, and guards against what no sane database would say.
///
/// Calls run one after the other as far as the store does; each returns what it read with the moment from before the
/// oldest part of it was read.
actor BacklogReader {
    typealias Instant = ContinuousClock.Instant

    /// Something read, and what it must be judged by.
    struct Reading<Content: Sendable>: Sendable {
        let content: Content
        let directory: NodeDirectory
        let readAt: Instant
    }

    /// More records than this that name a missing node are held until it is confirmed that the node is gone.
    static let mostNodeless = 1000
    /// The nodes are read again with a page once they are this old.
    private static let nodesLifetime = Duration.milliseconds(500)

    private let source: any BacklogSource
    private let policy: PurgePolicy
    private let spannerNode: NodeID?
    private let time: any TimeSource
    private var directory: (value: NodeDirectory, readAt: Instant)?
    private var countedGoneNodes: [NodeID: Bool] = [:]
    /// Those that were counted, and those of them that are too many.
    private var countedMasses: Set<NodeDirectory.Mass> = []
    private var masses: Set<NodeDirectory.Mass> = []

    init(source: any BacklogSource, policy: PurgePolicy, spannerNode: NodeID?, time: any TimeSource) {
        self.source = source
        self.policy = policy
        self.spannerNode = spannerNode
        self.time = time
    }

    /// Throws ``ImplausibleNodes`` as well as ``StoreError``.
    func page(_ query: BacklogQuery) async throws -> Reading<BacklogPage> {
        let (directory, readAt) = try await currentDirectory()
        let page = try await source.page(query)
        return Reading(content: page, directory: try await checked(directory, for: page.entries), readAt: readAt)
    }

    /// Reads records again; those that are no longer purgeable are missing from the answer.
    func reread(_ uids: [UID], scope: BacklogScope) async throws -> Reading<[BacklogEntry]> {
        let (directory, readAt) = try await currentDirectory()
        let entries = try await source.entries(uids, scope: scope)
        return Reading(content: entries, directory: try await checked(directory, for: entries), readAt: readAt)
    }

    /// The nodes, read now or a moment ago.
    func currentDirectory() async throws -> (NodeDirectory, readAt: Instant) {
        let now = time.now
        if let directory, directory.readAt + Self.nodesLifetime > now {
            return (directory.value, directory.readAt)
        }
        let nodes = try await source.nodes()
        if nodes.isEmpty {
            throw ImplausibleNodes(
                description: "the nodes table holds no node of the service, so every record would count as nodeless;"
                    + " restore it first"
            )
        }
        if let spannerNode, !nodes.contains(where: { $0.id == spannerNode }) {
            throw ImplausibleNodes(
                description: "SYNC_TOKENSERVER__SPANNER_NODE_ID is \(spannerNode), but nodes has no row with that id;"
                    + " correct the variable or restore the row"
            )
        }
        let fresh = NodeDirectory(nodes: nodes, policy: policy)
        if let spannerNode, fresh[spannerNode]?.ownKeying == .uid {
            throw ImplausibleNodes(
                description: "--node-type says that node \(spannerNode) keys by uid, but"
                    + " SYNC_TOKENSERVER__SPANNER_NODE_ID says that it is Spanner; correct the one that is wrong"
            )
        }
        directory = (fresh, now)
        return (fresh, now)
    }

    /// Finds out, once for each missing node, whether more records name it than may go without a confirmation.
    private func checked(_ directory: NodeDirectory, for entries: [BacklogEntry]) async throws -> NodeDirectory {
        var directory = directory
        for node in Set(entries.map(\.record.nodeID)) where directory[node] == nil {
            if countedGoneNodes[node] == nil {
                let count = try await source.recordCount(naming: node, limit: Self.mostNodeless + 1)
                countedGoneNodes[node] = count > Self.mostNodeless
            }
        }
        directory.crowdedGoneNodes = Set(countedGoneNodes.filter(\.value).keys)
        if let most = policy.mostAtAStroke {
            for mass in suspects(among: entries) where !countedMasses.contains(mass) {
                let count = try await source.recordCount(of: mass, limit: most + 1)
                if countedMasses.count >= Self.mostMasses { countedMasses = masses }
                countedMasses.insert(mass)
                if count > most { masses.insert(mass) }
            }
            directory.masses = masses
        }
        return directory
    }

    /// So many are remembered beside those that are too many.
    private static let mostMasses = 10_000

    /// What may have been replaced at a stroke: what shares its moment with another record here, and what is at either end of
    /// the page, as there may be more of it outside.
    private func suspects(among entries: [BacklogEntry]) -> Set<NodeDirectory.Mass> {
        var counts: [Timestamp: Int] = [:]
        for entry in entries { counts[entry.replacedAt, default: 0] += 1 }
        // Records of several nodes may share the moment, and come in any order.
        let ends = [entries.first, entries.last].compactMap { $0?.replacedAt }
        let moments = Set(counts.filter { $0.value > 1 }.keys).union(ends)
        return Set(entries.lazy.filter { moments.contains($0.replacedAt) }.map { NodeDirectory.Mass(of: $0) })
    }
}

/// The nodes table can't be right, so nothing is decided by it.
package struct ImplausibleNodes: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}
