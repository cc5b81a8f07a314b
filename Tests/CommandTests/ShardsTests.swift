import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing

@Suite("Several programs on one backlog")
struct ShardsTests {
    private static let count: Int64 = 1200

    @Test(
        "four of them with sixteen shards, one killed every now and then: all is purged, little of it twice",
        arguments: TestDatabase.Kind.servers
    )
    func replicas(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world in
            world.nodes[0].faults = FaultPlan([], latency: Latency(.milliseconds(60)))
            try await world.add(SandboxRecord.obsolete(1...Self.count))
            let arguments = [
                "--shards", "16", "--purge-interval", "1", "--concurrency", "8", "-v",
            ]
            var programs = try (0..<4).map { _ in try Program.purge.start(arguments, environment: world.environment) }
            var kills = 0
            while kills < 8 {
                let before = world.confirmed
                try await eventually("some more are purged") { world.confirmed >= min(before + 60, Int(Self.count)) }
                if world.confirmed >= Int(Self.count) { break }
                let victim = Int.random(in: programs.indices)
                programs[victim].send(SIGKILL)
                _ = await programs[victim].finished()
                programs[victim] = try Program.purge.start(arguments, environment: world.environment)
                kills += 1
            }
            #expect(kills >= 4)
            try await eventually("everything is purged") { try await world.uids().isEmpty }
            for program in programs { program.send(SIGTERM) }
            for program in programs {
                let end = await program.finished()
                #expect(end.code == 0, "\(end.error)")
            }
            let performed = Dictionary(
                grouping: world.nodes[0].log.entries.filter { $0.method == "DELETE" && $0.performed }.compactMap(\.uid),
                by: { $0 }
            )
            #expect(performed.count == Int(Self.count))
            let twice = performed.values.map { $0.count - 1 }.reduce(0, +)
            // What an axe can find confirmed and not settled yet: one batch.
            #expect(twice <= kills * 100, "\(twice) deletions too many after \(kills) kills")
            print("\(kind): \(twice) of \(Self.count) records deleted twice after \(kills) kills")
        }
    }

    @Test("without a kill nothing is deleted twice, and each is told its share", arguments: TestDatabase.Kind.allCases)
    func once(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world in
            try await world.add(SandboxRecord.obsolete(1...300))
            let programs = try (0..<3).map { _ in
                try Program.purge.start(["--oneshot", "--shards", "8"], environment: world.environment)
            }
            var summaries: [[String: any Sendable]] = []
            for program in programs {
                let end = await program.finished()
                #expect(end.code == 0, "\(end.error)")
                summaries += try end.logLines().filter { $0["stop_reason"] != nil }
            }
            #expect(try await world.uids().isEmpty)
            let performed = world.nodes[0].log.entries.filter { $0.method == "DELETE" && $0.performed }
            #expect(performed.count == 300)
            #expect(Set(summaries.compactMap { $0["shard"] as? String }).count == 8)
            #expect(summaries.compactMap { $0["records_deleted"] as? Int }.reduce(0, +) == 300)
        }
    }

    @Test("a fixed share is purged alone")
    func fixed() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...20))
            let run = try await world.purge("--shard", "1/4")
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids().allSatisfy { $0 % 4 != 1 })
            #expect(try run.summary()["records_deleted"] as? Int == 5)
        }
    }

    @Test("a StatefulSet's host name tells the share")
    func automatic() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...20))
            let environment = world.environment.merging(["HOSTNAME": "purge-old-records-3.purge.svc"]) { $1 }
            let run = try await Program.purge.run(["--oneshot", "--shard", "auto/4"], environment: environment)
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids().allSatisfy { $0 % 4 != 3 })
        }
    }

    @Test(
        "what makes no sense is refused in one line",
        arguments: [
            (["--shards", "4", "--shard", "0/4"], "exclude each other"),
            (["--shards", "0"], "--shards"),
            (["--shards", "2000"], "--shards"),
            (["--shard", "4/4"], "no shard"),
            (["--shard", "1"], "no shard"),
            (["--shard", "a/b"], "no shard"),
            (["--shard", "-1/4"], "no shard"),
            (["--shard", "auto/4"], "no number at the end"),
            (["--shards", "4", "--dryrun"], "--dryrun"),
            (["--shards", "4", "--max-records", "9"], "--max-records"),
            (["--shard", "0/4", "--plan", "x"], "--plan"),
        ]
    )
    func refused(arguments: [String], words: String) async throws {
        try await TestWorld.with { world in
            let environment = world.environment.merging(["HOSTNAME": "purge"]) { $1 }
            let run = try await Program.purge.run(arguments + ["--oneshot"], environment: environment)
            #expect(run.code == 64)
            #expect(run.error.contains(words), "\(run.error)")
            #expect(run.error.split(separator: "\n").count == 2, "\(run.error)")
        }
    }
}
