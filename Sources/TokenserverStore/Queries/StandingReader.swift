import Purging

/// Looks records up by primary key, whatever state they are in.
struct StandingReader {
    /// Looked up in one statement; see ``AccountReader``.
    private static let recordsPerStatement = 256

    let session: any SQLSession
    let service: Int64

    /// - Returns: nothing for a uid under which the service has no record.
    func standings(_ uids: [Int64]) throws -> [UID: RecordStanding] {
        var standings: [UID: RecordStanding] = [:]
        for start in stride(from: 0, to: uids.count, by: Self.recordsPerStatement) {
            let some = uids[start..<min(start + Self.recordsPerStatement, uids.count)]
            let rows = try session.query(
                """
                SELECT u.uid, u.nodeid, u.created_at, u.replaced_at \
                FROM \(session.dialect.rows(of: "users", "u", key: "uid", Array(some))) AND u.service + 0 = \(service)
                """
            )
            for row in rows {
                standings[UID(try row.integer(0))] = RecordStanding(
                    node: row.integerIfAny(1).map { NodeID($0) } ?? .none,
                    createdAt: Timestamp(row.integerIfAny(2) ?? 0),
                    replacedAt: try row.optionalInteger(3).map { Timestamp($0) }
                )
            }
        }
        return standings
    }
}
