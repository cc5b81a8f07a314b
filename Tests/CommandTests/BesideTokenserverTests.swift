import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

@Suite("Beside a Tokenserver that is at work")
struct BesideTokenserverTests {
    @Test(
        "on the same users' rows, a purge gives it neither a deadlock nor a timeout",
        arguments: TestDatabase.Kind.servers,
        // Small tables too: what an optimizer would read whole, it would lock whole.
        [2000, 60]
    )
    func noDeadlock(_ kind: TestDatabase.Kind, _ count: Int) async throws {
        try await TestWorld.with(kind) { world async throws in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(count < 100 ? 200 : 2)))
            // A few records for each user, so that both are at the same rows all the time.
            let users = count / 5
            try await world.add(
                (Int64(1)...Int64(count)).map { .obsolete($0, user: "user\($0 % Int64(users))") }
            )
            let running = try Program.purge.start(["--oneshot"], environment: world.environment)
            // One client alone: two of them can meet in a deadlock of their own.
            let connection = try await world.database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            var statements = 0
            var round = 0
            while running.isRunning {
                let email = "user\(round % users)@example.com"
                round += 1
                for statement in Self.login(email, at: SandboxRecord.now + Int64(statements)) {
                    _ = try await connection.withSession { try $0.execute(statement) }
                    statements += 1
                }
            }
            let run = await running.finished()
            #expect(run.code == 0, "\(run.error)")
            #expect(statements > 100)
            let left = try await world.tokenserver.records().filter { ($0.replacedAt ?? .max) < SandboxRecord.now }
            #expect(left == [])
        }
    }

    /// What Tokenserver does when a user comes with a new key, statement by statement as it does them.
    private static func login(_ email: String, at moment: Int64) -> [SQLStatement] {
        let service = SandboxTokenserver.service
        return [
            """
            UPDATE nodes SET current_load = current_load + 1, available = available - 1 \
            WHERE service = \(service) AND id = 1
            """,
            """
            INSERT INTO users (service, email, generation, client_state, created_at, nodeid, keys_changed_at) \
            VALUES (\(service), \(email), \(moment), \("abcd"), \(moment), 1, \(moment))
            """,
            """
            UPDATE users SET replaced_at = \(moment) WHERE service = \(service) AND email = \(email) \
            AND replaced_at IS NULL AND created_at < \(moment)
            """,
            // One in so many deletes the account.
            """
            UPDATE users SET replaced_at = \(moment), generation = \(UserRecord.retiredGeneration) \
            WHERE service = \(service) AND email = \(moment % 7 == 0 ? email : "nobody") AND replaced_at IS NULL
            """,
        ]
    }
}
