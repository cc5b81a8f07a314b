import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// Plans that real dry runs make, and what a purge does with them.
@Suite("A plan")
struct PlanTests {
    private func plan(_ world: TestWorld, _ arguments: String...) async throws -> String {
        let path = world.folder.appending(path: "plan").path
        let run = try await Program.purge.run(
            ["--oneshot", "--dryrun", "--plan", path] + arguments,
            environment: world.environment
        )
        #expect(run.code == 0, "\(run.error)")
        return path
    }

    @Test(
        "is the whole backlog with what is to be done, and making it changes nothing",
        arguments: TestDatabase.Kind.allCases
    )
    func making(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...1200) + SandboxRecord.obsolete(2001...2002, node: 9))
            let lines = try String(contentsOfFile: try await plan(world), encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 1204)
            #expect(lines.first?.contains("\"cutoff\":") == true)
            #expect(lines.count { $0.contains("\"action\":\"purge\",\"reason\":\"not_down\"") } == 1200)
            #expect(lines.count { $0.contains("\"action\":\"delete_record\",\"reason\":\"nodeless\"") } == 2)
            #expect(lines.last?.contains("\"checksum\":") == true)
            let again = try await world.purge("--dryrun", "--plan", world.folder.appending(path: "plan").path)
            #expect(again.code == 64)
            #expect(again.error.contains("is there already"), "\(again.error)")
            #expect(world.requests == 0)
            #expect(try await world.uids().count == 1202)
        }
    }

    @Test(
        "carried out after the world changed touches nothing that it doesn't name, and nothing that changed",
        arguments: TestDatabase.Kind.allCases
    )
    func changedWorld(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.uid, .uid]) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...100) + SandboxRecord.obsolete(101...120, node: 2))
            let path = try await plan(world)
            // Not in the plan.
            try await world.add(SandboxRecord.obsolete(200...210, daysAgo: 30))
            // Active again, on another node, replaced at another time, gone.
            try await world.tokenserver.execute("UPDATE users SET replaced_at = NULL WHERE uid = 3")
            try await world.tokenserver.execute("UPDATE users SET nodeid = 2 WHERE uid = 4")
            try await world.tokenserver.execute("UPDATE users SET replaced_at = replaced_at + 1 WHERE uid = 5")
            try await world.tokenserver.execute("DELETE FROM users WHERE uid = 6")
            try await world.tokenserver.execute("UPDATE nodes SET downed = 1 WHERE id = 2")
            world.nodes[0].setFaults([try Fault(parsing: "status=403,uids=7")])
            let before = try await world.tokenserver.records().first { $0.uid == 7 }
            let run = try await Program.purge.run(["purge", "--plan", path], environment: world.environment)
            #expect(run.code == 3, "\(run.error)")
            let left = try await world.uids()
            #expect(left == [3, 4, 5, 7] + Array(101...120) + Array(200...210))
            let summary = try run.summary()
            #expect(summary["records_changed_since_plan"] as? Int == 3)
            #expect(summary["records_gone"] as? Int == 1)
            #expect(summary["records_deleted"] as? Int == 95)
            // A failure is left as it is.
            #expect(try await world.tokenserver.records().first { $0.uid == 7 } == before)
        }
    }

    @Test("is carried out whole where one node is slower than the other, whose records come later")
    func twoNodes() async throws {
        try await TestWorld.with(keying: [.uid, .uid]) { world async throws in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(20)))
            try await world.add(
                SandboxRecord.obsolete(1...150) + SandboxRecord.obsolete(151...300, node: 2)
                    + SandboxRecord.obsolete(301...400) + SandboxRecord.obsolete(401...500, node: 2)
            )
            let path = try await plan(world)
            let run = try await world.purge("--plan", path, "--concurrency", "4")
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [])
            #expect(try run.summary()["records_changed_since_plan"] == nil)
            #expect((try run.summary()["passes"] as? Int ?? 0) > 1)
        }
    }

    @Test("counts a record about which something else would be decided now as changed, and leaves it")
    func decidedOtherwise() async throws {
        try await TestWorld.with(keying: [.account]) { world async throws in
            try await world.add([
                .obsolete(1, user: "a"), .active(2, user: "a"), .obsolete(3, user: "b"), .active(4, user: "b"),
            ])
            let path = try await plan(world, "--node-type", "spanner")
            // Now the data is an active record's.
            try await world.tokenserver.execute(
                """
                UPDATE users SET client_state = (SELECT client_state FROM users WHERE uid = 1), \
                generation = 1001, keys_changed_at = 1001 WHERE uid = 2
                """
            )
            let run = try await Program.purge.run(
                ["--plan", path, "--node-type", "spanner"],
                environment: world.environment
            )
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [1, 2, 4])
            #expect(try run.summary()["records_changed_since_plan"] as? Int == 1)
        }
    }

    @Test("that was changed, is incomplete, foreign or made otherwise is refused, and nothing is touched")
    func refusals() async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...5))
            let path = try await plan(world, "--range_end", "4")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            func refused(_ text: String?, _ arguments: [String], _ words: String) async throws {
                if let text { try text.write(toFile: path, atomically: true, encoding: .utf8) }
                let run = try await Program.purge.run(["--plan", path] + arguments, environment: world.environment)
                #expect(run.code == 64, "\(run.error)")
                #expect(run.error.contains(words), "\(run.error)")
                #expect(run.error.split(separator: "\n").count == 2)
            }
            try await refused(nil, [], "--range_end")
            try await refused(nil, ["--range_end", "4", "--force"], "--force")
            try await refused(nil, ["--range_end", "4", "--max-offset", "3"], "--max-offset")
            try await refused(nil, ["--range_end", "4", "--order", "deleted-first"], "--order")
            try await refused(nil, ["--range_end", "4", "--on-failure", "defer"], "--on-failure")
            try await refused(nil, ["--range_end", "4", "--audit-log", path], "name the same file")
            try await refused(text.replacing("\"uid\":2,", with: "\"uid\":5,"), ["--range_end", "4"], "changed")
            let cut = text.split(separator: "\n").dropLast().joined(separator: "\n") + "\n"
            try await refused(cut, ["--range_end", "4"], "not complete")
            try await refused("hello\n", ["--range_end", "4"], "is not a plan")
            try await refused("", ["--range_end", "4"], "is empty")
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let other = world.folder.appending(path: "other.db").path
            try FileManager.default.copyItem(
                atPath: world.databaseURL.replacing("sqlite://", with: ""),
                toPath: other
            )
            try await refused(nil, ["--range_end", "4", "--database-url", "sqlite://\(other)"], "another database")
            #expect(world.requests == 0)
            let run = try await world.purge("--plan", path, "--range_end", "4")
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [4, 5])
        }
    }

    @Test("that can't be written ends the dry run with 1")
    func unwritable() async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...5))
            let run = try await world.purge("--dryrun", "--plan", "/no/such/folder/plan")
            #expect(run.code == 1)
            #expect(run.error.contains("/no/such/folder/plan can't be written"), "\(run.error)")
        }
    }
}

@Suite("Deleted accounts first")
struct DeletedFirstTests {
    @Test(
        "purges deleted accounts, older records of theirs too, before the rest",
        arguments: TestDatabase.Kind.allCases
    )
    func order(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            // Two records of each deleted account, behind a thousand others.
            var deleted: [SandboxRecord] = []
            for uid in Int64(3001)...3020 {
                deleted.append(.obsolete(uid, daysAgo: 5, user: "gone\(uid)"))
                var tombstone = SandboxRecord.obsolete(uid + 1000, daysAgo: 4, user: "gone\(uid)")
                tombstone.generation = .max
                deleted.append(tombstone)
            }
            try await world.add(SandboxRecord.obsolete(1...1500, daysAgo: 20) + deleted)
            let run = try await world.purge("--order", "deleted-first", "--max-records", "60", "--node-type", "mysql")
            #expect(run.code == 0, "\(run.error)")
            let left = try await world.uids()
            #expect(left.filter { $0 > 3000 } == [])
            #expect(left.count == 1500 - 20)
            let rest = try await world.purge("--order", "deleted-first", "--node-type", "mysql")
            #expect(rest.code == 0, "\(rest.error)")
            #expect(try await world.uids() == [])
            #expect(try rest.summary()["records_deleted"] as? Int == 1480)
        }
    }

    @Test("decides about everything once in a dry run too")
    func dryRun() async throws {
        try await TestWorld.with { world async throws in
            var tombstone = SandboxRecord.obsolete(9)
            tombstone.generation = .max
            try await world.add(SandboxRecord.obsolete(1...8) + [tombstone])
            let run = try await world.purge("--dryrun", "--order", "deleted-first", "--node-type", "mysql")
            #expect(try run.summary()["records_read"] as? Int == 9)
            #expect(try run.summary()["records_deleted"] as? Int == 9)
        }
    }
}
