import Purging

/// How much one statement examines.
package struct WindowLimits: Sendable {
    /// Index entries at most, unless a page is larger.
    package var entries = 1000
    /// PostgreSQL's blocks (8 KiB each), at least and at most.
    package var blocks: ClosedRange<UInt32> = 64...1024

    package init() {}

    package init(entries: Int, blocks: ClosedRange<UInt32>) {
        self.entries = entries
        self.blocks = blocks
    }
}

/// Reads the window behind a cursor: a few statements, each of which examines a bounded number of index entries or
/// rows, wherever the cursor is and however many records share one `replaced_at`.
struct WindowReader {
    let session: any SQLSession
    let statements: BacklogStatements
    let accounts: AccountFilter
    private let limit: Int
    private let blocks: ClosedRange<UInt32>

    init(
        session: any SQLSession,
        statements: BacklogStatements,
        accounts: AccountFilter,
        limits: WindowLimits,
        pageSize: Int
    ) {
        self.session = session
        self.statements = statements
        self.accounts = accounts
        limit = max(limits.entries, pageSize)
        blocks = limits.blocks
    }

    private var ties: Dialect.TieOrder { session.dialect.tieOrder }

    /// - Parameter walk: what the window before this one left to walk.
    func window(after cursor: BacklogKey?, walk: BacklogWindow.TableWalk?) throws -> BacklogWindow {
        switch ties {
        case .uid: try windowByUID(after: cursor)
        case .rowLocation: try windowByLocation(after: cursor, walk: walk)
        }
    }

    // MARK: Indexes that end in the uid

    private func windowByUID(after cursor: BacklogKey?) throws -> BacklogWindow {
        var places: [BacklogWindow.Place] = []
        if let cursor {
            let after: SQLStatement = " AND p.uid > \(cursor.tiebreaker)"
            places = try alongIndex("\(statements.replaced(at: cursor.replacedAt))\(after)", order: "p.uid", limit)
        }
        if places.count < limit {
            let rest = statements.purgeable(replacedAfter: cursor?.replacedAt)
            places += try alongIndex(rest, order: "p.replaced_at, p.uid", limit - places.count)
        }
        let end = places.count < limit ? nil : places.last?.key
        return BacklogWindow(cutoff: statements.cutoff, from: cursor, places: places, upTo: end)
    }

    /// The node is asked for as well, though only the row has it: were the index alone enough, MySQL might read that from
    /// its beginning, where its statistics say that the table is empty.
    private func alongIndex(_ condition: SQLStatement, order: String, _ limit: Int) throws -> [BacklogWindow.Place] {
        let index = session.dialect.using(TokenserverSchema.backlogIndex)
        return try places(
            """
            SELECT p.replaced_at, p.uid, p.nodeid, p.uid, p.email, \(isDeleted("p")) FROM users p\(index) WHERE \(condition) \
            ORDER BY \(sql: order) LIMIT \(limit)
            """
        )
    }

    // MARK: PostgreSQL, whose index ends in the row's location

    /// A stretch that the limit cut ends before its last `replaced_at`, whose records may not all be in it; where all
    /// of it has one and the same, or the cursor is amid a group, that group is read on its own.
    private func windowByLocation(after cursor: BacklogKey?, walk: BacklogWindow.TableWalk?) throws -> BacklogWindow {
        if let cursor {
            if let walk, walk.replacedAt == cursor.replacedAt { return try walked(walk, after: cursor, from: cursor) }
            if cursor.tiebreaker < .max {
                return try group(at: cursor.replacedAt, after: cursor, from: cursor)
            }
        }
        let rest = statements.purgeable(replacedAfter: cursor?.replacedAt)
        let places = try located("\(rest) ORDER BY p.replaced_at LIMIT \(limit)")
        guard places.count >= limit, let last = places.last?.key.replacedAt else {
            return BacklogWindow(cutoff: statements.cutoff, from: cursor, places: places, upTo: nil)
        }
        let start = BacklogKey(replacedAt: last, tiebreaker: .min)
        let whole = places.filter { $0.key < start }
        if whole.isEmpty { return try group(at: last, after: start, from: cursor) }
        return BacklogWindow(cutoff: statements.cutoff, from: cursor, places: whole, upTo: start)
    }

    /// The records of one `replaced_at` behind the cursor: all at once if they are few, else a part of the walk.
    private func group(
        at moment: Timestamp,
        after cursor: BacklogKey,
        from start: BacklogKey?
    ) throws -> BacklogWindow {
        // Asked for as a range in order, or PostgreSQL may prefer to read the table until it has found enough.
        let value = moment.rawValue
        let all = try located(
            """
            p.service = \(statements.service) AND p.replaced_at >= \(value) AND p.replaced_at <= \(value) \
            ORDER BY p.replaced_at LIMIT \(2 * limit + 1)
            """
        )
        if all.count <= 2 * limit {
            return BacklogWindow(
                cutoff: statements.cutoff,
                from: start,
                places: all.filter { $0.key > cursor },
                upTo: BacklogKey(replacedAt: moment, tiebreaker: .max)
            )
        }
        // The index has the records of one `replaced_at` in the order of their location.
        let service = statements.service
        let first = try located(
            "p.service = \(service) AND p.replaced_at >= \(moment.rawValue) ORDER BY p.replaced_at LIMIT 1"
        ).first
        let last = try located(
            "p.service = \(service) AND p.replaced_at <= \(moment.rawValue) ORDER BY p.replaced_at DESC LIMIT 1"
        ).first
        let beforeFirst = (first?.key).map { BacklogKey(replacedAt: moment, tiebreaker: $0.tiebreaker - 1) }
        let walk = BacklogWindow.TableWalk(
            replacedAt: moment,
            end: RowLocation(tiebreaker: last?.key.tiebreaker ?? 0),
            blocks: blocks.lowerBound
        )
        return try walked(walk, after: max(cursor, beforeFirst ?? cursor), from: start)
    }

    /// The next blocks of the table, as far as they hold records of the group.
    private func walked(
        _ walk: BacklogWindow.TableWalk,
        after cursor: BacklogKey,
        from start: BacklogKey?
    ) throws -> BacklogWindow {
        let after = RowLocation(tiebreaker: cursor.tiebreaker)
        let (next, overflow) = after.block.addingReportingOverflow(walk.blocks)
        let isLast = overflow || next >= walk.end.block
        let end = isLast ? walk.end : RowLocation(block: next, offset: .max)
        let found = try located(
            """
            p.ctid > \(after.text)::tid AND p.ctid <= \(end.text)::tid \
            AND p.service + 0 = \(statements.service) AND p.replaced_at + 0 = \(walk.replacedAt.rawValue)
            """
        )
        var further = walk
        if found.count < limit / 4 { further.blocks = min(walk.blocks * 2, blocks.upperBound) }
        if found.count > limit { further.blocks = max(walk.blocks / 2, blocks.lowerBound) }
        return BacklogWindow(
            cutoff: statements.cutoff,
            from: start,
            places: found,
            upTo: BacklogKey(replacedAt: walk.replacedAt, tiebreaker: isLast ? .max : end.tiebreaker),
            walk: isLast ? nil : further
        )
    }

    private func located(_ condition: SQLStatement) throws -> [BacklogWindow.Place] {
        try places(
            "SELECT p.replaced_at, p.uid, p.nodeid, p.ctid, p.email, \(isDeleted("p")) FROM users p WHERE \(condition)"
        )
    }

    /// 1 where the record's account is deleted, which costs a look-up by e-mail, and so is only asked for if it counts.
    /// As EXISTS, PostgreSQL might read the whole table for it, to look up in a hash of it.
    private func isDeleted(_ alias: String) -> SQLStatement {
        if accounts == .all { return "0" }
        let index = session.dialect.using(TokenserverSchema.lookupIndex)
        return """
            COALESCE((SELECT 1 FROM users d\(index) WHERE d.email = \(sql: alias).email \
            AND d.service + 0 = \(sql: alias).service AND d.generation = \(UserRecord.retiredGeneration) LIMIT 1), 0)
            """
    }

    private func places(_ statement: SQLStatement) throws -> [BacklogWindow.Place] {
        try session.query(statement).map { row in
            BacklogWindow.Place(
                key: BacklogKey(
                    replacedAt: Timestamp(try row.integer(0)),
                    tiebreaker: try ties.tiebreaker(row, 3)
                ),
                uid: UID(try row.integer(1)),
                node: row.integerIfAny(2).map { NodeID($0) } ?? .none,
                email: row.textIfAny(4),
                isOfDeletedAccount: try row.integer(5) != 0
            )
        }.sorted { $0.key < $1.key }
    }
}
