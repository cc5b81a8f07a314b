import Purging

/// The statements that walk the backlog along the index on (service, replaced_at), whose entries end in the uid.
///
/// Conditions that this index can't answer are written so that no other index is tempted by them (`nodeid + 0`), and
/// the two ranges of "(replaced_at, uid) after the cursor" are asked for apart, as MySQL doesn't use an index for the
/// two in one.
struct BacklogStatements {
    let service: Int64
    let scope: BacklogScope

    /// Up to where a stretch of the backlog goes, inclusive.
    typealias Upper = BacklogKey?

    /// Keys of purgeable records with the cursor's own `replaced_at`, behind the cursor.
    func ties(after cursor: BacklogKey, upTo upper: Upper, select columns: SQLStatement) -> SQLStatement? {
        var limit: SQLStatement = ""
        if let upper {
            if upper.replacedAt < cursor.replacedAt { return nil }
            if upper.replacedAt == cursor.replacedAt {
                limit = " AND p.uid <= \(upper.uid.rawValue)"
            }
        }
        if cursor.replacedAt >= scope.cutoff { return nil }
        return """
            SELECT \(columns) FROM users p WHERE p.service = \(service) \
            AND p.replaced_at = \(cursor.replacedAt.rawValue) AND p.uid > \(cursor.uid.rawValue)\(limit)
            """
    }

    /// Purgeable records replaced later than the cursor.
    func later(after cursor: BacklogKey?, upTo upper: Upper, select columns: SQLStatement) -> SQLStatement? {
        var range: SQLStatement = ""
        if let cursor {
            range = " AND p.replaced_at > \(cursor.replacedAt.rawValue)"
        }
        if let upper {
            if let cursor, upper.replacedAt <= cursor.replacedAt { return nil }
            range = """
                \(range) AND p.replaced_at <= \(upper.replacedAt.rawValue) \
                AND (p.replaced_at < \(upper.replacedAt.rawValue) OR p.uid + 0 <= \(upper.uid.rawValue))
                """
        }
        return """
            SELECT \(columns) FROM users p WHERE p.service = \(service) \
            AND p.replaced_at < \(scope.cutoff.rawValue)\(range)
            """
    }

    /// The conditions that read rows, or index entries, in vain.
    func filter(_ nodes: NodeFilter) -> SQLStatement {
        var filter = uidFilter
        switch nodes {
        case .all: break
        case .excluding(let ids) where ids.isEmpty: break
        case .excluding(let ids):
            filter = "\(filter) AND p.nodeid + 0 NOT IN \(list: ids.map(\.rawValue).sorted())"
        case .only(let ids) where ids.isEmpty:
            filter = "\(filter) AND 1 = 0"
        case .only(let ids):
            filter = "\(filter) AND p.nodeid + 0 IN \(list: ids.map(\.rawValue).sorted())"
        }
        return filter
    }

    var uidFilter: SQLStatement {
        var filter: SQLStatement = ""
        if let above = scope.uidsAbove {
            filter = "\(filter) AND p.uid + 0 > \(above.rawValue)"
        }
        if let below = scope.uidsBelow {
            filter = "\(filter) AND p.uid + 0 < \(below.rawValue)"
        }
        return filter
    }
}
