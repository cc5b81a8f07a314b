import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// What the database itself counted, and the nodes' own logs, while a dry run was at work.
@Suite("Law 7: witnesses of a dry run")
struct DryRunWitnessTests {
    @Test(
        "count no statement that writes and no request, whatever the options; those of a purge they count",
        arguments: TestDatabase.Kind.allCases
    )
    func nothingWritten(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.uid, .uid]) { world async throws in
            try await world.add(
                SandboxRecord.obsolete(1...40) + SandboxRecord.obsolete(41...60, node: 2)
                    + SandboxRecord.obsolete(61...65, node: 9)
            )
            try await world.tokenserver.execute("UPDATE nodes SET downed = 1 WHERE id = 2")
            if kind == .postgres {
                // Else it counts what this session wrote when it feels like it.
                try await world.tokenserver.execute("DO $$ BEGIN PERFORM pg_stat_force_next_flush(); END $$")
            }
            let witness = try await world.database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            let before = try await witness.withSession { try $0.writesCounted() }
            let plan = world.folder.appending(path: "plan").path
            for options in [
                [], ["--force", "--override_node", world.nodes[0].url], ["--plan", plan], ["--order", "deleted-first"],
            ] {
                let run = try await Program.purge.run(
                    ["--oneshot", "--dryrun"] + options,
                    environment: world.environment
                )
                #expect(run.code == 0, "\(run.error)")
            }
            #expect(try await Program.purge.run(["backlog"], environment: world.environment).code == 0)
            #expect(try await witness.withSession { try $0.writesCounted() } == before)
            #expect(world.requests == 0)
            #expect(try await world.purge().code == 0)
            try await eventually("a purge is counted") {
                try await witness.withSession { try $0.writesCounted() } != before
            }
            #expect(world.requests == 40)
        }
    }
}

extension SQLSession {
    /// Counters that move when somebody else writes.
    fileprivate func writesCounted() throws -> [String] {
        switch dialect.name {
        case .sqlite:
            return try query("PRAGMA data_version").map { String(try $0.integer(0)) }
        case .mysql:
            return try query(
                """
                SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_insert', 'Com_update', 'Com_delete', 'Com_replace', \
                'Com_update_multi', 'Com_delete_multi', 'Innodb_rows_inserted', 'Innodb_rows_updated', 'Innodb_rows_deleted')
                """
            ).map { "\(try $0.text(0)) \(try $0.text(1))" }
        case .postgres:
            return try query(
                // Not of the whole database: the server's own housekeeping writes to its catalogs.
                """
                SELECT SUM(n_tup_ins)::bigint, SUM(n_tup_upd)::bigint, SUM(n_tup_del)::bigint FROM pg_stat_user_tables
                """
            ).flatMap { row in try (0...2).map { String(try row.integer($0)) } }
        }
    }
}
