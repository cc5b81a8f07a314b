import Purging

/// A stretch of the backlog as its index has it, read ahead so that a page costs one statement more at most.
///
/// It holds places only; the records at them are read again with each page, so a window may be old without harm: what
/// changed meanwhile is left out, and what came into a stretch that was read is for the next run. It is bounded in what
/// it examines, so it bounds what a page examines too, whatever the page leaves out.
struct BacklogWindow: Sendable {
    /// One entry of the index.
    struct Place: Sendable {
        let key: BacklogKey
        let uid: UID
        let node: NodeID
        /// Nil if the column holds no text, which Tokenserver's schema forbids.
        let email: String?
        /// Whether its account is deleted; only looked up where it was asked for.
        let isOfDeletedAccount: Bool
    }

    /// The rest of a large group of records with one and the same `replaced_at`, walked along the table itself.
    struct TableWalk: Sendable {
        let replacedAt: Timestamp
        /// The last row of the group.
        let end: RowLocation
        /// How many of the table's blocks the next statement examines.
        var blocks: UInt32
    }

    /// Whose records are asked for; places hold all of them.
    var accounts = AccountFilter.all
    let cutoff: Timestamp
    /// The cursor for which the window was read (exclusive).
    let from: BacklogKey?
    /// Ascending.
    let places: [Place]
    /// How far it looked (inclusive); nil for the end of the backlog.
    let upTo: BacklogKey?
    var walk: TableWalk?

    /// Whether it holds all places between the cursor and the window's own end, and the cursor isn't there yet. What
    /// begins at the beginning is read anew.
    func serves(_ cursor: BacklogKey?, cutoff: Timestamp) -> Bool {
        guard let cursor, cutoff == self.cutoff else { return false }
        return from.map { $0 <= cursor } ?? true && upTo.map { cursor < $0 } ?? true
    }

    /// The places after the cursor.
    func places(after cursor: BacklogKey?) -> ArraySlice<Place> {
        guard let cursor else { return places[...] }
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].key <= cursor { low = middle + 1 } else { high = middle }
        }
        return places[low...]
    }
}

/// Where a row lies in PostgreSQL's table: its `ctid`, as a number that orders alike.
struct RowLocation: Sendable, Equatable {
    let block: UInt32
    let offset: UInt16

    init(block: UInt32, offset: UInt16) {
        self.block = block
        self.offset = offset
    }

    init(tiebreaker: Int64) {
        block = UInt32(clamping: tiebreaker >> 16)
        offset = tiebreaker < 0 ? 0 : UInt16(truncatingIfNeeded: tiebreaker)
    }

    /// Reads `(block,offset)`.
    init?(_ text: String) {
        let parts = text.dropFirst().dropLast().split(separator: ",")
        guard text.hasPrefix("("), text.hasSuffix(")"), parts.count == 2, let block = UInt32(parts[0]),
            let offset = UInt16(parts[1])
        else { return nil }
        self.init(block: block, offset: offset)
    }

    var tiebreaker: Int64 { Int64(block) << 16 | Int64(offset) }

    var text: String { "(\(block),\(offset))" }
}

extension Dialect.TieOrder {
    /// The column that orders records of one `replaced_at`.
    func column(of alias: String) -> String {
        switch self {
        case .uid: "\(alias).uid"
        case .rowLocation: "\(alias).ctid"
        }
    }

    func tiebreaker(_ row: SQLRow, _ column: Int) throws(SQLError) -> Int64 {
        switch self {
        case .uid: return try row.integer(column)
        case .rowLocation:
            guard let location = RowLocation(try row.text(column)) else {
                throw .failed("the database gave a row's location in an unknown form")
            }
            return location.tiebreaker
        }
    }
}
