import Foundation
import Purging
import Sandbox
import TestSupport
import Testing

/// What every record store promises about settling.
@Suite("Settling, in every record store (laws 4 and 5)")
struct SettlingContract {
    private let cutoff = Timestamp(1000)

    @Test("deletes what is as it was decided on, and frees one slot for each", arguments: Backend.all)
    func deletion(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [.obsolete(1, replacedAt: 5), .obsolete(2, replacedAt: 6), .active(3)]
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            let results = try await world.store.settle([.delete(1), .delete(2)], cutoff: cutoff)
            #expect(results == [.done, .done])
            #expect(try await world.uids() == [3])
            let node = try #require(try await world.nodes().first)
            #expect(node.available == 102)
            #expect(node.currentLoad == 98)
        }
    }

    @Test("leaves alone what changed meanwhile, each for its own reason", arguments: Backend.all)
    func changed(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [
            .active(1), .obsolete(2, replacedAt: 1000), .obsolete(3, replacedAt: 5, node: 2),
            .obsolete(4, replacedAt: 5), .obsolete(6, replacedAt: 5),
        ]
        try await backend.withStore(nodes: [.live(1), .live(2)], records: records) { world async throws in
            let batch: [Settlement] = [
                .delete(1), .delete(2), .delete(3, node: 1), .deleteNodeless(4, node: 1), .delete(5),
                .postpone(6, from: 4),
            ]
            let results = try await world.store.settle(batch, cutoff: cutoff)
            #expect(results == [.changed, .changed, .changed, .changed, .gone, .changed])
            #expect(try await world.uids() == [1, 2, 3, 4, 6])
            #expect(try await world.nodes().allSatisfy { $0.available == 100 && $0.currentLoad == 100 })
        }
    }

    @Test("settling the same twice frees no slot twice", arguments: Backend.all)
    func twice(_ backend: Backend) async throws {
        try await backend.withStore(nodes: [.live(1)], records: [.obsolete(1, replacedAt: 5)]) { world async throws in
            #expect(try await world.store.settle([.delete(1), .delete(1)], cutoff: cutoff) == [.done, .gone])
            #expect(try await world.store.settle([.delete(1)], cutoff: cutoff) == [.gone])
            #expect(try await world.nodes().first?.available == 101)
        }
    }

    @Test("deletes records without a node, and frees no slot anywhere", arguments: Backend.all)
    func nodeless(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [.obsolete(1, replacedAt: 5, node: 9)]
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            let results = try await world.store.settle([.deleteNodeless(1, node: 9)], cutoff: cutoff)
            #expect(results == [.done])
            #expect(try await world.uids() == [])
            #expect(try await world.nodes().first?.available == 100)
        }
    }

    @Test("never lets slots leave 0 to capacity, and never lowers what is free", arguments: Backend.all)
    func slotBounds(_ backend: Backend) async throws {
        var full = SandboxTokenserver.NodeRow.live(1)
        (full.available, full.currentLoad, full.capacity) = (99, 1, 100)
        var drifted = SandboxTokenserver.NodeRow.live(2)
        (drifted.available, drifted.currentLoad, drifted.capacity) = (150, -3, 100)
        let records = (Int64(1)...6).map { SandboxRecord.obsolete($0, replacedAt: 5, node: $0 <= 3 ? 1 : 2) }
        try await backend.withStore(nodes: [full, drifted], records: records) { world async throws in
            let batch = (Int64(1)...6).map { Settlement.delete($0, node: $0 <= 3 ? 1 : 2) }
            _ = try await world.store.settle(batch, cutoff: cutoff)
            let nodes = try await world.nodes()
            #expect(nodes.map(\.available) == [100, 150])
            #expect(nodes.map(\.currentLoad) == [0, 0])
        }
    }

    @Test("leaves slots alone where they are not tracked", arguments: Backend.all)
    func untrackedSlots(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [.obsolete(1, replacedAt: 5)]
        try await backend.withStore(nodes: [.live(1)], records: records, tracksSlots: false) { world async throws in
            #expect(try await world.store.settle([.delete(1)], cutoff: cutoff) == [.done])
            #expect(try await world.nodes().first?.available == 100)
        }
    }

    @Test("postpones a failed record to now, which puts it behind the cutoff", arguments: Backend.all)
    func postponement(_ backend: Backend) async throws {
        try await backend.withStore(nodes: [.live(1)], records: [.obsolete(1, replacedAt: 5)]) { world async throws in
            let before = try await world.store.currentTime()
            #expect(try await world.store.settle([.postpone(1, from: 5)], cutoff: cutoff) == [.done])
            let replacedAt = try #require(try await world.records().first?.replacedAt)
            #expect(replacedAt >= before.rawValue)
            #expect(try await world.nodes().first?.available == 100)
        }
    }

    @Test("postpones a batch so that it doesn't look like an accident at one stroke", arguments: Backend.all)
    func postponedTogether(_ backend: Backend) async throws {
        let records = (Int64(1)...100).map { SandboxRecord.obsolete($0, replacedAt: 5) }
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            let before = try await world.store.currentTime()
            let batch = records.map { Settlement.postpone($0.uid, from: 5) }
            #expect(try await world.store.settle(batch, cutoff: cutoff) == Array(repeating: .done, count: 100))
            let after = try await world.store.currentTime().rawValue + 100
            let moments = try await world.records().compactMap(\.replacedAt)
            #expect(moments.count == 100)
            #expect(moments.allSatisfy { (before.rawValue...after).contains($0) })
            #expect(Dictionary(grouping: moments, by: \.self).values.allSatisfy { $0.count <= 2 })
        }
    }

    @Test("settles a batch of any size, and none", arguments: Backend.all)
    func sizes(_ backend: Backend) async throws {
        let records = (Int64(1)...777).map { SandboxRecord.obsolete($0, replacedAt: $0) }
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            #expect(try await world.store.settle([], cutoff: cutoff) == [])
            let results = try await world.store.settle(records.map { .delete($0.uid) }, cutoff: cutoff)
            #expect(results == Array(repeating: .done, count: 777))
            #expect(try await world.uids() == [])
        }
    }
}
