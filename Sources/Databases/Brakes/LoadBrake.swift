import MySQLDriver
import PostgresDriver
package import Steering
package import TokenserverStore

/// `--max-load`, `--critical-load`: what the Tokenserver's own database has to do.
///
/// On MySQL and MariaDB a measure is any of the server's status variables; on PostgreSQL it is `active`, the clients that run a
/// statement, this one not counted.
package struct LoadBrake: Brake {
    private let database: WatchedDatabase
    private let limits: [LoadLimit]
    private let criticalLimits: [LoadLimit]

    /// - Throws: ``BrakeError`` where the database has no such measure.
    package init(_ connector: any SQLConnector, limits: [LoadLimit], critical: [LoadLimit]) throws(BrakeError) {
        let measures = (limits + critical).map(\.measure)
        switch connector {
        case is PostgresConnector:
            if let other = measures.first(where: { $0 != "active" }) {
                throw BrakeError("PostgreSQL has no measure \(other): give active=N, the clients that run a statement")
            }
        case is MySQLConnector: break
        default: throw BrakeError("SQLite has no server whose load could be measured")
        }
        database = WatchedDatabase(connector)
        self.limits = limits
        criticalLimits = critical
    }

    package var name: String { "the load of the database" }

    package func ask() async throws -> BrakeReading {
        let values = try await measure()
        if let text = try Self.exceeded(criticalLimits, values) { return .critical(text) }
        if let text = try Self.exceeded(limits, values) { return .busy(text) }
        return .free
    }

    private static func exceeded(_ limits: [LoadLimit], _ values: [String: Double]) throws -> String? {
        for limit in limits {
            guard let value = values[limit.measure.lowercased()] else {
                throw BrakeError("the server has no status variable \(limit.measure) with a number")
            }
            if value > limit.most { return "\(limit.measure) is \(text(value)), more than \(text(limit.most))" }
        }
        return nil
    }

    private static func text(_ value: Double) -> String { Int64(exactly: value).map { String($0) } ?? String(value) }

    private func measure() async throws -> [String: Double] {
        if database.connector is PostgresConnector { return ["active": Double(try await activeClients())] }
        let names = Set((limits + criticalLimits).map(\.measure)).sorted().map { "'\($0)'" }.joined(separator: ", ")
        return try await database.use { session in
            let rows = try session.query("SHOW GLOBAL STATUS WHERE Variable_name IN (\(sql: names))")
            var values: [String: Double] = [:]
            for row in rows {
                let value = row.integerIfAny(1).map { Double($0) } ?? row.textIfAny(1).flatMap { Double($0) }
                if let value { values[try row.text(0).lowercased()] = value }
            }
            return values
        }
    }

    /// Who may not see what others do would count too few.
    private func activeClients() async throws -> Int64 {
        let (hidden, active) = try await database.use { session in
            let row = try session.query(
                """
                SELECT COUNT(CASE WHEN query = '<insufficient privilege>' THEN 1 END), \
                COUNT(CASE WHEN state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend' THEN 1 END) \
                FROM pg_stat_activity
                """
            ).first
            return (try row?.integer(0) ?? 0, try row?.integer(1) ?? 0)
        }
        if hidden > 0 {
            throw SQLError.failed("this user may not see what others do; GRANT pg_read_all_stats to it")
        }
        return active
    }
}
