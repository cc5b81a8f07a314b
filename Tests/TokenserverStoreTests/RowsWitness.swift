import Foundation
import Synchronization
import TestDatabases
import TokenserverStore

/// Has a PostgreSQL server explain each statement that passes through it, while it carries it out, and
/// adds up the rows and the blocks of 8 KiB that it looked at.
final class RowsWitness: Sendable {
    private struct Counts {
        var rows = 0
        var blocks = 0
        var worst = (rows: -1, text: "")
    }

    private let counts = Mutex(Counts())

    var rows: Int { counts.withLock { $0.rows } }
    var blocks: Int { counts.withLock { $0.blocks } }
    /// The statement that looked at most rows, with its plan.
    var worst: String { counts.withLock { $0.worst.text } }

    func forget() { counts.withLock { $0 = Counts() } }

    func connector(_ connector: any SQLConnector) -> any SQLConnector {
        WrappingConnector(connector) { Session(session: $0, witness: self) }
    }

    private func add(_ plan: [String: Any], _ text: String, _ description: String) {
        let (rows, blocks) = (
            Self.rows(plan), Self.number(plan, "Shared Hit Blocks") + Self.number(plan, "Shared Read Blocks")
        )
        counts.withLock { counts in
            counts.rows += rows
            counts.blocks += blocks
            if rows > counts.worst.rows { counts.worst = (rows, "\(text)\n\(description)") }
        }
    }

    /// What the scans of tables below this step gave, and threw away.
    private static func rows(_ plan: [String: Any]) -> Int {
        let own =
            plan["Relation Name"] == nil || (plan["Node Type"] as? String) == "ModifyTable"
            ? 0
            : (number(plan, "Actual Rows") + number(plan, "Rows Removed by Filter")
                + number(plan, "Rows Removed by Index Recheck")) * number(plan, "Actual Loops")
        let below = (plan["Plans"] as? [[String: Any]]) ?? []
        return own + below.map(rows).reduce(0, +)
    }

    private static func number(_ plan: [String: Any], _ key: String) -> Int {
        Int(((plan[key] as? NSNumber)?.doubleValue ?? 0).rounded(.up))
    }

    private struct Session: ForwardingSession {
        let session: any SQLSession
        let witness: RowsWitness

        func query(_ statement: SQLStatement) throws -> [SQLRow] {
            try explain(statement)
            return try session.query(statement)
        }

        func execute(_ statement: SQLStatement) throws -> Int {
            let text = statement.text(for: dialect)
            if ["UPDATE", "DELETE"].contains(where: text.hasPrefix) {
                // To explain it is to carry it out.
                _ = try session.execute("SAVEPOINT witness")
                try explain(statement)
                _ = try session.execute("ROLLBACK TO SAVEPOINT witness")
            }
            return try session.execute(statement)
        }

        private func explain(_ statement: SQLStatement) throws {
            let answer = try session.query("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) \(statement)")
            let text = try answer.map { try $0.text(0) }.joined()
            let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
            guard let plan = parsed?.first?["Plan"] as? [String: Any] else {
                throw SQLError.failed("no plan: \(text)")
            }
            witness.add(plan, statement.text(for: dialect), text)
        }
    }
}
