import Purging

/// The conditions that select stretches of the backlog along the index on (service, replaced_at).
///
/// Conditions that this index can't answer are written so that no other index is tempted by them (`uid + 0`).
/// "(replaced_at, tiebreaker) behind the cursor" is asked for in two statements: MySQL doesn't use an index for it in
/// one.
struct BacklogStatements {
    let service: Int64
    let cutoff: Timestamp

    /// Records replaced at this moment.
    func replaced(at moment: Timestamp) -> SQLStatement {
        "p.service = \(service) AND p.replaced_at = \(moment.rawValue)"
    }

    /// Purgeable records replaced after this moment; nil for all.
    func purgeable(replacedAfter moment: Timestamp?) -> SQLStatement {
        let lower: SQLStatement = moment.map { " AND p.replaced_at > \($0.rawValue)" } ?? ""
        return "p.service = \(service) AND p.replaced_at < \(cutoff.rawValue)\(lower)"
    }

    static func uidFilter(_ scope: BacklogScope) -> SQLStatement {
        let above: SQLStatement = scope.uidsAbove.map { " AND p.uid + 0 > \($0.rawValue)" } ?? ""
        let below: SQLStatement = scope.uidsBelow.map { " AND p.uid + 0 < \($0.rawValue)" } ?? ""
        // The remainder of a negative number is one itself.
        let shard: SQLStatement =
            scope.shard.map { " AND (p.uid % \($0.count) + \($0.count)) % \($0.count) = \($0.index)" } ?? ""
        return "\(above)\(below)\(shard)"
    }
}
