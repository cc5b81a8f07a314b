import Purging

/// The statements behind a shard's lock, in a session of MySQL or PostgreSQL.
///
/// A lock's name holds the database, the service and the number of shards, so that only those who share one backlog in
/// the same way meet. PostgreSQL's locks belong to a database as they are.
struct ShardLockStatements {
    let session: any SQLSession

    /// The longest name of a lock in MySQL.
    private static let longestName = 64

    func take(_ shard: Shard) throws -> Bool {
        // What is taken twice has to be freed twice.
        if try isTaken(shard) { return true }
        return switch session.dialect.name {
        case .mysql: try isOne("SELECT GET_LOCK(\(name(of: shard)), 0)")
        case .postgres:
            try isOne(
                """
                SELECT CASE WHEN pg_try_advisory_lock(\(Int64(Self.space(shard)))::int, \(shard.index)::int) \
                THEN 1 ELSE 0 END
                """
            )
        case .sqlite: false
        }
    }

    /// Whether this very session has the lock.
    func isTaken(_ shard: Shard) throws -> Bool {
        switch session.dialect.name {
        case .mysql: try isOne("SELECT IS_USED_LOCK(\(name(of: shard))) = CONNECTION_ID()")
        case .postgres:
            // The catalogue has the two halves of a key as unsigned numbers.
            try isOne(
                """
                SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted \
                AND objsubid = 2 AND classid::bigint = \(Int64(UInt32(bitPattern: Self.space(shard)))) \
                AND objid::bigint = \(shard.index)
                """
            )
        case .sqlite: false
        }
    }

    /// The session that has the lock, as an operator finds it on the server; nil if none has it, or that may not be seen.
    func holder(of shard: Shard) throws -> String? {
        let rows: [SQLRow] =
            switch session.dialect.name {
            case .mysql:
                try session.query(
                    """
                    SELECT CONCAT('connection ', p.ID, ' of ', p.USER, ' from ', p.HOST) \
                    FROM information_schema.PROCESSLIST p WHERE p.ID = IS_USED_LOCK(\(name(of: shard)))
                    """
                )
            case .postgres:
                try session.query(
                    """
                    SELECT 'pid ' || a.pid || ' of ' || COALESCE(a.usename, '?') || ' from ' \
                    || COALESCE(host(a.client_addr), 'this host') || ', since ' \
                    || to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') \
                    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database() \
                    WHERE l.locktype = 'advisory' AND l.granted \
                    AND l.objsubid = 2 AND l.classid::bigint = \(Int64(UInt32(bitPattern: Self.space(shard)))) \
                    AND l.objid::bigint = \(shard.index) LIMIT 1
                    """
                )
            case .sqlite: []
            }
        return rows.first?.textIfAny(0)
    }

    func free(_ shard: Shard) throws {
        switch session.dialect.name {
        case .mysql: _ = try session.query("SELECT RELEASE_LOCK(\(name(of: shard)))")
        case .postgres:
            _ = try session.query(
                """
                SELECT CASE WHEN pg_advisory_unlock(\(Int64(Self.space(shard)))::int, \(shard.index)::int) THEN 1 ELSE 0 END
                """
            )
        case .sqlite: break
        }
    }

    /// What tells this session of the server from all others.
    func identity() throws -> Int64 {
        let rows =
            switch session.dialect.name {
            case .mysql: try session.query("SELECT CONNECTION_ID()")
            case .postgres: try session.query("SELECT pg_backend_pid()::bigint")
            case .sqlite: try session.query("SELECT 0")
            }
        return try rows.first?.integer(0) ?? 0
    }

    func isOnGalera() throws -> Bool {
        if session.dialect.name != .mysql { return false }
        return try session.query("SHOW GLOBAL VARIABLES LIKE 'wsrep_on'").contains { try $0.text(1) == "ON" }
    }

    /// The first half of a lock's key in PostgreSQL.
    private static func space(_ shard: Shard) -> Int32 {
        let hash = fnv1a("purge-old-records \(TokenserverSchema.serviceName) \(shard.count)")
        return Int32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    private func name(of shard: Shard) throws -> String {
        let database = try session.query("SELECT DATABASE()").first?.text(0) ?? ""
        let suffix = " \(TokenserverSchema.serviceName) purge \(shard)"
        let name = database + suffix
        if name.utf8.count <= Self.longestName { return name }
        return String(Self.fnv1a(database), radix: 16) + suffix
    }

    private func isOne(_ statement: SQLStatement) throws -> Bool {
        try session.query(statement).first?.optionalInteger(0) == 1
    }

    /// The 64-bit hash of Fowler, Noll and Vo, the same in every version of the program.
    private static func fnv1a(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
