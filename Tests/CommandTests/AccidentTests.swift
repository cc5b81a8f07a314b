import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing

/// What somebody did by accident must not be made final by the next purge.
@Suite("Accidents")
struct AccidentTests {
    private static let stroke = Timestamp(1_600_000_000_000)

    @Test(
        "a mass that was unassigned at a stroke is held until it is confirmed; others go",
        arguments: TestDatabase.Kind.allCases
    )
    func mass(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind, keying: [.uid, .uid]) { world async throws in
            // The mass begins and ends within pages, and its first record is the last of one.
            var records = SandboxRecord.obsolete(1...9)
            for uid in Int64(10)...60 {
                var record = SandboxRecord.obsolete(uid)
                record.replacedAt = Self.stroke.rawValue
                records.append(record)
            }
            // As many of another node in the same millisecond, but not more than are allowed.
            for uid in Int64(61)...110 {
                var record = SandboxRecord.obsolete(uid, node: 2)
                record.replacedAt = Self.stroke.rawValue
                records.append(record)
            }
            records += SandboxRecord.obsolete(200...215)
            try await world.add(records)
            let dry = try await world.purge("--dryrun", "--hold-mass", "50", "--json")
            #expect(dry.output.contains(#""mass_unassigned":51"#), "\(dry.output)")
            let run = try await world.purge("--hold-mass", "50")
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == Array(10...60))
            #expect(run.error.contains("--confirm-mass"), "\(run.error)")
            #expect(try await world.purge("--hold-mass", "50", "--confirm-mass", "2").code == 0)
            #expect(try await world.uids().count == 51)
            #expect(try await world.purge("--hold-mass", "50", "--confirm-mass", "1").code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test("masses of several nodes in one millisecond are all held, however they are mixed")
    func mixedMasses() async throws {
        try await TestWorld.with(keying: Array(repeating: .uid, count: 8)) { world async throws in
            let records = (Int64(1)...400).map { uid in
                var record = SandboxRecord.obsolete(uid, node: uid % 8 + 1)
                record.replacedAt = Self.stroke.rawValue
                return record
            }
            try await world.add(records)
            let run = try await world.purge("--hold-mass", "20")
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids().count == 400)
            #expect(world.confirmed == 0)
        }
    }

    @Test("the newest account's deletion is no restore")
    func newestDeleted() async throws {
        try await TestWorld.with { world async throws in
            let log = ["--oneshot", "--audit-log", world.folder.appending(path: "audit.log").path]
            var active = SandboxRecord.obsolete(47)
            active.replacedAt = nil
            try await world.add([active] + SandboxRecord.obsolete(48...50))
            for _ in 0..<3 {
                #expect(try await Program.purge.run(log, environment: world.environment).code == 0)
            }
            #expect(try await world.uids() == [47])
        }
    }

    @Test("without --hold-mass they go; a number below the mass is needed", arguments: [[], ["--hold-mass", "51"]])
    func noMass(arguments: [String]) async throws {
        try await TestWorld.with { world async throws in
            try await world.add(
                (Int64(10)...60).map { uid in
                    var record = SandboxRecord.obsolete(uid)
                    record.replacedAt = Self.stroke.rawValue
                    return record
                }
            )
            let run = try await Program.purge.run(["--oneshot"] + arguments, environment: world.environment)
            #expect(run.code == 0)
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "--keep-last-record keeps what a user needs to log in, and nothing else",
        arguments: TestDatabase.Kind.allCases
    )
    func lastRecord(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            // Two old records of one user; the newer one is what the next login goes by.
            var older = SandboxRecord.obsolete(1)
            var newer = SandboxRecord.obsolete(2)
            newer.email = older.email
            older.generation = 10
            newer.generation = 20
            // One who has logged in since.
            let replaced = SandboxRecord.obsolete(3)
            var active = SandboxRecord.obsolete(4)
            active.email = replaced.email
            active.replacedAt = nil
            active.generation = 1 << 40
            // One whose node is gone, and one whose account is.
            let nodeless = SandboxRecord.obsolete(5, node: 9)
            var deleted = SandboxRecord.obsolete(6)
            deleted.generation = .max
            try await world.add([older, newer, replaced, active, nodeless, deleted])
            let run = try await world.purge("--keep-last-record", "--strict")
            #expect(run.code == 3, "\(run.error)")
            #expect(try await world.uids() == [2, 4, 5])
            #expect(try run.summary()["held_by_reason"] as? [String: Int] == ["last_record": 2])
            #expect(try await world.purge().code == 0)
            #expect(try await world.uids() == [4])
        }
    }

    /// Runs with an audit log, then brings the database back to what it was before.
    private func restore(
        _ kind: TestDatabase.Kind,
        before: [SandboxRecord],
        purged: [SandboxRecord],
        after check: (TestWorld, [String]) async throws -> Void
    ) async throws {
        try await TestWorld.with(kind) { world async throws in
            let log = ["--audit-log", world.folder.appending(path: "audit.log").path]
            try await world.add(purged)
            #expect(try await Program.purge.run(["--oneshot"] + log, environment: world.environment).code == 0)
            #expect(try await world.uids() == [])
            // Another run with nothing to do finds nothing odd.
            #expect(try await Program.purge.run(["--oneshot"] + log, environment: world.environment).code == 0)
            try await world.add(before)
            let confirmed = world.confirmed
            let run = try await Program.purge.run(["--oneshot"] + log, environment: world.environment)
            #expect(run.code == 1, "\(run.error)")
            #expect(run.error.contains("--accept-restored"))
            #expect(world.confirmed == confirmed)
            #expect(try await world.uids().count == before.count)
            try await check(world, log)
        }
    }

    @Test(
        "a database in which deleted records stand again is not purged, until that is accepted",
        arguments: TestDatabase.Kind.allCases
    )
    func restored(_ kind: TestDatabase.Kind) async throws {
        let records = SandboxRecord.obsolete(1...20)
        try await restore(kind, before: records, purged: records) { world, log in
            let run = try await Program.purge.run(
                ["--oneshot", "--accept-restored"] + log,
                environment: world.environment
            )
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [])
        }
    }

    @Test(
        "new records after a purge are no restore, and neither is a log that was rotated",
        arguments: TestDatabase.Kind.allCases
    )
    func notRestored(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            let file = world.folder.appending(path: "audit.log").path
            let log = ["--oneshot", "--audit-log", file]
            for first in [Int64(1), 101, 201] {
                try await world.add(SandboxRecord.obsolete(first...(first + 9)))
                let run = try await Program.purge.run(log, environment: world.environment)
                #expect(run.code == 0, "\(run.error)")
                #expect(try await world.uids() == [])
                if first == 101 { try FileManager.default.moveItem(atPath: file, toPath: file + ".1") }
            }
        }
    }
}
