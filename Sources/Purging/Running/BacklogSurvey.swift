/// Goes through the whole backlog once, page by page, and decides on every record without carrying anything out.
struct BacklogSurvey: Sendable {
    let reader: BacklogReader
    let planner: PurgePlanner
    let scope: BacklogScope
    let pageSize: Int
    /// Whether records of downed nodes are left out by the query.
    let skipsDownedNodes: Bool

    /// Calls `body` for each record in the backlog's order, and `afterPage` with the number of records after each page,
    /// until one of them returns false.
    ///
    /// - Throws: what the reader throws, and ``Sweep/LoopDetected``.
    func forEach(
        _ body: (BacklogEntry, PurgeAction, NodeDirectory) -> Bool,
        afterPage: (Int) -> Bool
    ) async throws {
        var sweep = Sweep()
        while !sweep.isAtEnd {
            let (directory, _) = try await reader.currentDirectory()
            let query = BacklogQuery(
                scope: scope,
                nodes: sweep.filter(excluding: skipsDownedNodes ? directory.downed : []),
                cursor: sweep.cursor,
                bound: sweep.bound,
                limit: pageSize
            )
            let reading = try await reader.page(query)
            for entry in reading.content.entries {
                let action = planner.action(for: entry, in: reading.directory)
                if !body(entry, action, reading.directory) { return }
            }
            if !afterPage(reading.content.entries.count) { return }
            try sweep.advance(to: reading.content.examinedUpTo)
        }
    }
}
