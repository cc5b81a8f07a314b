import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

/// Pages from windows so small that all their edges are met.
@Suite("Windows of the backlog, in every record store")
struct WindowContract {
    private static let limits = WindowLimits(entries: 7, blocks: 1...2)

    /// Several large groups of one `replaced_at`, spread over the whole table, with others between them.
    private static let records = (Int64(1)...1200).map { uid in
        SandboxRecord.obsolete(uid, replacedAt: [10, 20, 20, 30, 30 + uid][Int(uid % 5)], node: uid % 3 + 1)
    }

    private static let nodes = [SandboxTokenserver.NodeRow.live(1), .live(2), .live(3)]

    private func readAll(_ store: any RecordStore, _ query: BacklogQuery) async throws -> [BacklogEntry] {
        var query = query
        var entries: [BacklogEntry] = []
        while true {
            let page = try await store.page(query)
            entries += page.entries
            guard let next = page.examinedUpTo else { return entries }
            #expect(query.cursor.map { next > $0 } ?? true)
            query.cursor = next
        }
    }

    @Test("hold every record once, in order, through groups of one replaced_at", arguments: Backend.all)
    func everything(_ backend: Backend) async throws {
        try await backend.withStore(nodes: Self.nodes, records: Self.records, limits: Self.limits) {
            world async throws in
            for limit in [1, 5, 50] {
                let entries = try await readAll(world.store, BacklogQuery(scope: .all, limit: limit))
                #expect(entries.map(\.key) == entries.map(\.key).sorted())
                #expect(entries.count == 1200)
                #expect(Set(entries.map(\.record.uid.rawValue)) == Set(1...1200))
            }
        }
    }

    @Test("can be begun, and bounded, amid a group; two parts make the whole", arguments: Backend.all)
    func parts(_ backend: Backend) async throws {
        try await backend.withStore(nodes: Self.nodes, records: Self.records, limits: Self.limits) {
            world async throws in
            let all = try await readAll(world.store, BacklogQuery(scope: .all, limit: 50))
            for cut in [1, 100, 241, 400, 719, 1000] {
                let key = all[cut].key
                let front = try await readAll(world.store, BacklogQuery(scope: .all, bound: key, limit: 9))
                let rest = try await readAll(world.store, BacklogQuery(scope: .all, cursor: key, limit: 9))
                #expect((front + rest).map(\.record.uid) == all.map(\.record.uid), "cut at \(cut)")
                #expect(front.count == cut + 1)
            }
            let some = try await readAll(
                world.store,
                BacklogQuery(scope: .all, nodes: .only([NodeID(2)]), cursor: all[300].key, limit: 4)
            )
            let expected = all.dropFirst(301).filter { $0.record.nodeID == NodeID(2) }
            #expect(some.map(\.record.uid) == expected.map(\.record.uid))
        }
    }

    @Test("go on over records that are deleted, moved or replaced anew meanwhile", arguments: Backend.all)
    func changesMeanwhile(_ backend: Backend) async throws {
        guard let kind = backend.database else { return }
        try await TestDatabase.with(kind) { database in
            try await database.tokenserver.insert(Self.nodes)
            try await database.tokenserver.insert(Self.records)
            let store = try await TokenserverStore.open(
                database.connector,
                tracksSlots: true,
                limits: Self.limits
            )
            var query = BacklogQuery(scope: BacklogScope(cutoff: Timestamp(100_000)), limit: 20)
            var seen: [Int64] = []
            var pages = 0
            while true {
                let page = try await store.page(query)
                seen += page.entries.map(\.record.uid.rawValue)
                pages += 1
                if pages % 5 == 0 {
                    // On PostgreSQL, an update moves the row; it is at its new place from then on.
                    try await database.tokenserver.execute(
                        "UPDATE users SET generation = generation + 1 WHERE uid % 97 = \(pages % 97)"
                    )
                    try await database.tokenserver.execute("DELETE FROM users WHERE uid % 89 = \(pages % 89)")
                    try await database.tokenserver.execute(
                        "UPDATE users SET replaced_at = 200000 WHERE uid % 83 = \(pages % 83)"
                    )
                }
                guard let next = page.examinedUpTo else { break }
                #expect(query.cursor.map { next > $0 } ?? true)
                query.cursor = next
            }
            // What nobody touched was seen exactly once; what was touched may come again at its new place, or not at all.
            var touched: Set<Int64> = []
            for page in stride(from: Int64(5), through: Int64(pages), by: 5) {
                for uid in Int64(1)...1200 {
                    let isTouched = uid % 97 == page % 97 || uid % 89 == page % 89 || uid % 83 == page % 83
                    if isTouched { touched.insert(uid) }
                }
            }
            let untouched = Set(Int64(1)...1200).subtracting(touched)
            let counts = Dictionary(seen.map { ($0, 1) }, uniquingKeysWith: +)
            #expect(untouched.filter { counts[$0] != 1 } == [])
            #expect(untouched.count > 200)
        }
    }
}
