import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

/// Small worlds in which an earlier version did harm, or waited for ever. Each is the smallest of its kind.
@Suite("Small inputs that once went wrong")
struct SmallInputTests {
    /// `g`, long ago.
    private static let then = SandboxRecord.now - 300 * SandboxRecord.day

    private static func record(
        _ uid: Int64,
        generation: Int64 = then,
        keysChangedAt: Int64? = nil,
        clientState: String = "aabb",
        daysAgo: Int64?
    ) -> SandboxRecord {
        SandboxRecord(
            uid: uid,
            email: "someone@example.com",
            generation: generation,
            keysChangedAt: keysChangedAt,
            clientState: clientState,
            createdAt: then + uid,
            replacedAt: daysAgo.map { SandboxRecord.now - $0 * SandboxRecord.day },
            node: NodeID(1)
        )
    }

    /// Data as the record's owner stored it, written some days ago.
    private static func store(_ record: SandboxRecord, in world: TestWorld, daysAgo: Double = 200) throws {
        let owner = try #require(record.owners(.account).first)
        let moment = Double(SandboxRecord.now) / 1000 - daysAgo * 86_400
        world.nodes[0].data.put(owner, lastModified: StorageTime(seconds: moment), bytes: 9)
    }

    private static func has(_ record: SandboxRecord, _ world: TestWorld) throws -> Bool {
        world.nodes[0].data.has(try #require(record.owners(.account).first))
    }

    @Test("a node whose URL changes under a running service keeps its data, as its type belonged to the URL")
    func renamedNode() async throws {
        try await TestWorld.with(keying: [.account]) { world async throws in
            let record = Self.record(1, keysChangedAt: Self.then, daysAgo: 10)
            try Self.store(record, in: world)
            try await world.tokenserver.insert([record])
            let url = world.nodes[0].url
            let service = try Program.purge.start(
                ["--purge-interval", "0", "-v", "--node-type", "\(url)=spanner"],
                environment: world.environment
            )
            try await eventually("a run has held it") { service.errorSoFar.contains("\"revivable\":1") }
            let renamed = url.replacing("127.0.0.1", with: "localhost")
            try await world.tokenserver.execute("UPDATE nodes SET node = \(renamed) WHERE id = 1")
            try await eventually("a later run has held it") { service.errorSoFar.contains("\"unnamed_storage\":1") }
            service.send(SIGTERM)
            #expect(await service.finished().code == 0)
            #expect(try Self.has(record, world) && world.requests == 0)
        }
    }

    @Test("a key that moved in place, and may move back, is kept")
    func movingKey() async throws {
        try await TestWorld.with(keying: [.account]) { world async throws in
            let raced = Self.record(1, daysAgo: 299)
            let yesterday = SandboxRecord.now - SandboxRecord.day
            try Self.store(raced, in: world)
            try await world.tokenserver.insert([raced, Self.record(2, generation: yesterday, daysAgo: nil)])
            let run = try await world.purge("--node-type", "spanner")
            #expect(run.code == 0, "\(run.error)")
            #expect((try run.summary()["held_by_reason"] as? [String: Int]) == ["shared_data": 1])
            #expect(try Self.has(raced, world) && world.requests == 0)
        }
    }

    @Test("a deleted account that used its data to the last goes whole")
    func tombstoneAfterUse() async throws {
        try await TestWorld.with(keying: [.account]) { world async throws in
            let first = Self.record(1, keysChangedAt: Self.then, daysAgo: 290)
            let tombstone = Self.record(2, generation: .max, keysChangedAt: Self.then, daysAgo: 20)
            try Self.store(first, in: world, daysAgo: 30)
            try await world.tokenserver.insert([first, tombstone])
            #expect(try await world.purge("--node-type", "spanner").code == 0)
            #expect(try await world.uids() == [])
            #expect(try !Self.has(first, world))
        }
    }

    @Test("a tombstone does not wait for an active record that a login left beside it")
    func tombstoneBesideActive() async throws {
        try await TestWorld.with(keying: [.account]) { world async throws in
            let tombstone = Self.record(1, generation: .max, keysChangedAt: Self.then, daysAgo: 20)
            let active = Self.record(2, keysChangedAt: Self.then + 5, clientState: "ccdd", daysAgo: nil)
            try Self.store(tombstone, in: world)
            try Self.store(active, in: world)
            try await world.tokenserver.insert([tombstone, active])
            #expect(try await world.purge("--node-type", "spanner").code == 0)
            #expect(try await world.uids() == [2])
            #expect(try !Self.has(tombstone, world) && Self.has(active, world))
        }
    }

    @Test("refusals one after the other move no record, a firewall's in front of a node or the node's own")
    func refusals() async throws {
        try await TestWorld.with(keying: [.uid, .uid]) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...3000) + SandboxRecord.obsolete(4001...4300, node: 2))
            // One answer of each is as it ought to be.
            world.nodes[0].setFaults([try Fault(parsing: "status=403,bare,uids=2-3000")])
            world.nodes[1].setFaults([try Fault(parsing: "status=403,uids=4002-4300")])
            let before = try await world.tokenserver.records()
            let run = try await world.purge("--max-per-loop", "1000", "--concurrency", "1")
            #expect(run.code == 3)
            #expect(try run.summary()["records_deferred"] as? Int == 0)
            #expect(try await world.tokenserver.records() == before.filter { ![1, 4001].contains($0.uid) })
            #expect(world.requests < 50)
        }
    }

    @Test("a secret that nodes refuse with 400 changes nothing", arguments: ["status=400", "status=401", "status=403"])
    func wrongSecret(_ fault: String) async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...20) + SandboxRecord.obsolete(31...35, node: 9))
            world.nodes[0].setFaults([try Fault(parsing: fault)])
            let before = try await world.tokenserver.records()
            let run = try await world.purge()
            #expect(run.code == 1)
            #expect(run.error.contains("a proxy that rewrites Host"))
            #expect(try await world.tokenserver.records() == before)
        }
    }

    @Test("what can't be addressed is not called deleted")
    func unaddressable() async throws {
        try await TestWorld.with(keying: [.account]) { world async throws in
            try await world.tokenserver.insert([Self.record(1, generation: .max, daysAgo: 20)])
            let log = world.folder.appending(path: "audit.log").path
            let run = try await world.purge("--node-type", "spanner", "--accept-unaddressable", "--audit-log", log)
            #expect(run.code == 0, "\(run.error)")
            #expect((try run.summary()["deleted_by_type"] as? [String: Int]) == ["unaddressable": 1])
            #expect(try run.summary()["data_deleted"] as? Int == 0)
            let text = try String(contentsOfFile: log, encoding: .utf8)
            #expect(text.contains("\"data\":\"unaddressable\"") && !text.contains("\"data\":\"deleted\""))
            #expect(try await world.uids() == [])
            #expect(world.requests == 0)
        }
    }

    @Test("data written late is held with the date, and deleted once it was left alone long enough")
    func quietTime() async throws {
        try await TestWorld.with { world async throws in
            try await world.tokenserver.insert([.obsolete(1, daysAgo: 100), .obsolete(2, daysAgo: 99)])
            let now = Double(SandboxRecord.now) / 1000
            for (uid, daysAgo) in [(Int64(1), 10.0), (2, 50.0)] {
                let moment = StorageTime(seconds: now - daysAgo * 86_400)
                world.nodes[0].data.put(.uid(uid), lastModified: moment, bytes: 9)
            }
            let log = world.folder.appending(path: "audit.log").path
            let run = try await world.purge("--audit-log", log)
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids() == [1])
            #expect(world.nodes[0].data.has(.uid(1)) && !world.nodes[0].data.has(.uid(2)))
            let end = try String(contentsOfFile: log, encoding: .utf8).firstMatch(of: /"until":"(\d{4}-\d\d-\d\d)T/)
            #expect(end.map { run.error.contains("ends on \($0.1)") } == true, "\(run.error)")
            #expect(try await world.purge("--quiet-time", "9d").code == 0)
            #expect(try await world.uids() == [])
        }
    }
}
