import Purging

/// The statements that walk the backlog along the index on (service, replaced_at), whose entries end in the uid.
///
/// Conditions that this index can't answer are written so that no other index is tempted by them (`nodeid + 0`). The
/// stretches of "(replaced_at, uid) between the cursor and a bound" are asked for apart: MySQL doesn't use an index for
/// them in one, and a bound amid a million equal `replaced_at` would have all of these read.
struct BacklogStatements {
    let service: Int64
    let scope: BacklogScope

    /// A statement for one stretch of the backlog, and the order in which its rows are the backlog's.
    struct Stretch {
        let statement: SQLStatement
        let order: String
    }

    /// The purgeable records behind the cursor and up to the bound (inclusive; nil for the end), stretch by stretch.
    func stretches(
        after cursor: BacklogKey?,
        upTo bound: BacklogKey?,
        select columns: SQLStatement
    ) -> [Stretch] {
        var stretches: [Stretch] = []
        // A bound behind the cutoff bounds nothing.
        let bound = bound.flatMap { $0.replacedAt < scope.cutoff ? $0 : nil }
        func ties(_ replacedAt: Milliseconds, _ uids: SQLStatement) {
            let statement: SQLStatement = """
                SELECT \(columns) FROM users p WHERE p.service = \(service) \
                AND p.replaced_at = \(replacedAt.rawValue)\(uids)
                """
            stretches.append(Stretch(statement: statement, order: "p.uid"))
        }
        if let cursor {
            if cursor.replacedAt >= scope.cutoff { return [] }
            if let bound, bound.replacedAt < cursor.replacedAt { return [] }
            if let bound, bound.replacedAt == cursor.replacedAt {
                ties(cursor.replacedAt, " AND p.uid > \(cursor.uid.rawValue) AND p.uid <= \(bound.uid.rawValue)")
                return stretches
            }
            ties(cursor.replacedAt, " AND p.uid > \(cursor.uid.rawValue)")
        }
        let lower: SQLStatement = cursor.map { " AND p.replaced_at > \($0.replacedAt.rawValue)" } ?? ""
        let upper = bound?.replacedAt ?? scope.cutoff
        let between: SQLStatement = """
            SELECT \(columns) FROM users p WHERE p.service = \(service) AND p.replaced_at < \(upper.rawValue)\(lower)
            """
        stretches.append(Stretch(statement: between, order: "p.replaced_at, p.uid"))
        if let bound {
            ties(bound.replacedAt, " AND p.uid <= \(bound.uid.rawValue)")
        }
        return stretches
    }

    /// All purgeable records, whichever node or uid they have.
    func backlog(select columns: SQLStatement) -> SQLStatement {
        """
        SELECT \(columns) FROM users p WHERE p.service = \(service) AND p.replaced_at < \(scope.cutoff.rawValue)
        """
    }

    /// The conditions that read rows, or index entries, in vain.
    func filter(_ nodes: NodeFilter) -> SQLStatement {
        switch nodes {
        case .all: return uidFilter
        case .excluding(let ids) where ids.isEmpty: return uidFilter
        case .excluding(let ids):
            return "\(uidFilter) AND p.nodeid + 0 NOT IN \(list: ids.map(\.rawValue).sorted())"
        case .only(let ids) where ids.isEmpty: return " AND 1 = 0"
        case .only(let ids):
            return "\(uidFilter) AND p.nodeid + 0 IN \(list: ids.map(\.rawValue).sorted())"
        }
    }

    var uidFilter: SQLStatement {
        let above: SQLStatement = scope.uidsAbove.map { " AND p.uid + 0 > \($0.rawValue)" } ?? ""
        let below: SQLStatement = scope.uidsBelow.map { " AND p.uid + 0 < \($0.rawValue)" } ?? ""
        return "\(above)\(below)"
    }
}
