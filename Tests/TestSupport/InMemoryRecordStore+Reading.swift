package import Purging
import Synchronization

extension InMemoryRecordStore {
    package func currentTime() async throws -> Timestamp {
        try await note(.currentTime)
        return databaseTime
    }

    var databaseTime: Timestamp { time.wallTime.advanced(by: clockSkew) }

    package func nodes() async throws -> [Node] {
        try await note(.nodes)
        return nodeRows.map(\.node)
    }

    package func page(_ query: BacklogQuery) async throws -> BacklogPage {
        try await note(.page(query))
        let page = tables.withLock { tables -> BacklogPage in
            let keys = tables.keys(after: query.cursor, before: query.scope.cutoff)
            let leavesSomeOut = query.nodes != .all || query.accounts != .all || query.scope.limitsUIDs
            let examined = max(mostExamined, query.limit)
            let horizon = leavesSomeOut ? keys.dropFirst(examined - 1).first : nil
            let upper = [horizon, query.bound].compactMap { $0 }.min()
            var page: [BacklogEntry] = []
            for key in keys.prefix(while: { key in upper.map { key <= $0 } ?? true }) where page.count < query.limit {
                guard let entry = tables.entry(UID(key.tiebreaker)), query.scope.contains(entry.record) else {
                    continue
                }
                if query.accounts == .deleted, !tables.isOfDeletedAccount(entry.record.uid) { continue }
                if query.nodes.contains(entry.record.nodeID) { page.append(entry) }
            }
            if page.count == query.limit, let last = page.last {
                return BacklogPage(entries: page, examinedUpTo: last.key)
            }
            return BacklogPage(entries: page, examinedUpTo: upper == query.bound ? nil : upper)
        }
        noteRead(page.entries)
        return page
    }

    package func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await note(.entries(uids))
        let entries = tables.withLock { tables in
            uids.compactMap { tables.entry($0) }.filter { scope.contains($0.record) }
        }
        noteRead(entries)
        return entries
    }

    package func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] {
        try await note(.standings(uids))
        return tables.withLock { tables in
            var standings: [UID: RecordStanding] = [:]
            for uid in uids {
                guard let record = tables.users[uid]?.record else { continue }
                standings[uid] = RecordStanding(
                    node: record.nodeID,
                    createdAt: record.createdAt,
                    replacedAt: record.replacedAt
                )
            }
            return standings
        }
    }

    package func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? {
        try await note(.key(atOffset: offset))
        return tables.withLock { tables in
            tables.keys(after: nil, before: scope.cutoff)
                .filter { key in tables.entry(UID(key.tiebreaker)).map { scope.contains($0.record) } ?? false }
                .dropFirst(offset).first
        }
    }

    package func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await note(.recordCount(node))
        return tables.withLock { tables in
            min(tables.users.values.count { $0.isOfService && $0.record.nodeID == node }, limit)
        }
    }

    package func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int {
        try await note(.recordCount(mass.node))
        return tables.withLock { tables in
            min(
                tables.users.values.count {
                    $0.isOfService && $0.record.nodeID == mass.node && $0.record.replacedAt == mass.replacedAt
                },
                limit
            )
        }
    }

    package func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]? {
        tables.withLock { tables in
            let records = tables.users.values.filter(\.isOfService).map(\.record).filter(scope.contains)
            return Dictionary(grouping: records.filter { nodes.contains($0.nodeID) }, by: \.nodeID).mapValues(\.count)
        }
    }

    package func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize? {
        try await note(.count)
        return tables.withLock { tables in
            let purgeable = tables.users.values.filter(\.isOfService).map(\.record).filter(scope.contains)
            return BacklogSize(
                purgeable: purgeable.count,
                waitingForDownedNodes: purgeable.count { tables.nodes[$0.nodeID]?.node.isDowned ?? false },
                oldest: purgeable.compactMap(\.replacedAt).min()
            )
        }
    }
}
