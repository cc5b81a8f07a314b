/// Goes through the whole backlog once, page by page, and decides on every record without carrying anything out.
struct BacklogSurvey: Sendable {
    let reader: BacklogReader
    let planner: PurgePlanner
    let scope: BacklogScope
    let pageSize: Int
    /// Whether records of downed nodes are left out by the query.
    let skipsDownedNodes: Bool
    var order = RunOptions.Order.oldestFirst

    /// Calls `body` for each record in the backlog's order, and `afterPage` with the number of records after each page,
    /// until one of them returns false.
    ///
    /// - Throws: what the reader and the closures throw, and ``BacklogPass/LoopDetected``.
    func forEach(
        _ body: (BacklogEntry, PurgeAction, NodeDirectory) throws -> Bool,
        afterPage: (Int) async throws -> Bool
    ) async throws {
        let turns: [AccountFilter] = order == .deletedFirst ? [.deleted, .all] : [.all]
        for accounts in turns where try await !pass(accounts, body, afterPage: afterPage) { return }
    }

    /// - Returns: false if it was ended.
    private func pass(
        _ accounts: AccountFilter,
        _ body: (BacklogEntry, PurgeAction, NodeDirectory) throws -> Bool,
        afterPage: (Int) async throws -> Bool
    ) async throws -> Bool {
        var pass = BacklogPass()
        while !pass.isAtEnd {
            let (directory, _) = try await reader.currentDirectory()
            let query = BacklogQuery(
                scope: scope,
                nodes: pass.filter(excluding: skipsDownedNodes ? directory.downed : []),
                accounts: accounts,
                cursor: pass.cursor,
                bound: pass.bound,
                limit: pageSize
            )
            let reading = try await reader.page(query)
            for entry in reading.content.entries {
                // These had their turn.
                if order == .deletedFirst, accounts == .all, entry.cause == .deletedAccount { continue }
                let action = planner.action(for: entry, in: reading.directory)
                if try !body(entry, action, reading.directory) {
                    _ = try await afterPage(reading.content.entries.count)
                    return false
                }
            }
            if try await !afterPage(reading.content.entries.count) { return false }
            try pass.advance(to: reading.content.examinedUpTo)
        }
        return true
    }
}
