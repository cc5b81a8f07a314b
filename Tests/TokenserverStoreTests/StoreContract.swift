import Foundation
import Purging
import Sandbox
import TestSupport
import Testing

/// What every record store promises, whichever database is behind it.
@Suite("Every record store")
struct StoreContract {
    @Test("reads pages in the order of replaced_at, without a gap or a repetition", arguments: Backend.all)
    func pagesInOrder(_ backend: Backend) async throws {
        var records: [SandboxRecord] = []
        for uid in Int64(1)...60 {
            records.append(.obsolete(uid, replacedAt: uid % 4 == 0 ? 500 : 100 + (uid * 37) % 50))
        }
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            var query = BacklogQuery(scope: .all, limit: 7)
            var seen: [BacklogKey] = []
            var uids: [Int64] = []
            while true {
                let page = try await world.store.page(query)
                seen += page.entries.map(\.key)
                uids += page.entries.map(\.record.uid.rawValue)
                guard let next = page.examinedUpTo else { break }
                #expect(query.cursor.map { next > $0 } ?? true)
                query.cursor = next
            }
            #expect(seen == seen.sorted())
            #expect(Set(uids) == Set(records.map(\.uid)))
            #expect(seen.count == records.count)
        }
    }

    @Test("shows only records replaced strictly before the cutoff", arguments: Backend.all)
    func cutoff(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [
            .obsolete(1, replacedAt: 999), .obsolete(2, replacedAt: 1000), .obsolete(3, replacedAt: 1001), .active(4),
        ]
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            let page = try await world.store.page(
                BacklogQuery(scope: BacklogScope(cutoff: Timestamp(1000)), limit: 10)
            )
            #expect(page.entries.map(\.record.uid) == [UID(1)])
            #expect(page.examinedUpTo == nil)
        }
    }

    @Test("takes both ends of a uid range as exclusive", arguments: Backend.all)
    func uidRange(_ backend: Backend) async throws {
        let records = (Int64(1)...9).map { SandboxRecord.obsolete($0, replacedAt: 10 - $0) }
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            var scope = BacklogScope.all
            scope.uidsAbove = UID(3)
            scope.uidsBelow = UID(7)
            let read = try await world.readAll(scope: scope)
            #expect(read == [6, 5, 4])
            #expect(try await world.counter.count(scope: scope, limit: .seconds(60))?.purgeable == 3)
        }
    }

    @Test("leaves out excluded nodes, and shows only included ones, those without a row too", arguments: Backend.all)
    func nodeFilter(_ backend: Backend) async throws {
        let records = (Int64(1)...30).map { SandboxRecord.obsolete($0, replacedAt: $0, node: $0 % 3) }
        try await backend.withStore(nodes: [.live(1), .live(2)], records: records) { world async throws in
            let excluding = try await world.readAll(nodes: .excluding([NodeID(1)]))
            #expect(excluding == records.filter { $0.node != NodeID(1) }.map(\.uid))
            let only = try await world.readAll(nodes: .only([NodeID(0), NodeID(2)]))
            #expect(only == records.filter { $0.node != NodeID(1) }.map(\.uid))
            #expect(try await world.readAll(nodes: .only([])) == [])
        }
    }

    @Test("examines a bounded stretch where everything is excluded, and says how far it looked", arguments: Backend.all)
    func boundedExamination(_ backend: Backend) async throws {
        // More than two stretches of a downed node, half of them with one and the same replaced_at.
        let records = (Int64(1)...2500).map {
            SandboxRecord.obsolete($0, replacedAt: $0 < 1250 ? 7 : $0, node: $0 == 2500 ? 2 : 1)
        }
        try await backend.withStore(nodes: [.live(1), .live(2)], records: records) { world async throws in
            var query = BacklogQuery(scope: .all, nodes: .excluding([NodeID(1)]), limit: 10)
            var pages = 0
            var found: [Int64] = []
            while true {
                pages += 1
                let page = try await world.store.page(query)
                found += page.entries.map(\.record.uid.rawValue)
                guard let next = page.examinedUpTo else { break }
                #expect(query.cursor.map { next > $0 } ?? true)
                query.cursor = next
            }
            #expect(found == [2500])
            #expect(pages >= 3)
        }
    }

    @Test("stops at the bound of a pass, which is inclusive, amid records of one replaced_at", arguments: Backend.all)
    func bound(_ backend: Backend) async throws {
        let records = (Int64(1)...20).map { SandboxRecord.obsolete($0, replacedAt: 5) }
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            var query = BacklogQuery(scope: .all, limit: 100)
            let all = try await world.store.page(query).entries
            query.cursor = all[2].key
            query.bound = all[8].key
            let page = try await world.store.page(query)
            #expect(page.entries.map(\.record.uid) == all[3...8].map(\.record.uid))
            #expect(page.examinedUpTo == nil)
        }
    }

    @Test("gives each record its user's other records, active ones and deleted ones", arguments: Backend.all)
    func others(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [
            .obsolete(1, replacedAt: 5, user: "a"), .active(2, user: "a"), .obsolete(3, replacedAt: 6, user: "a"),
            .obsolete(4, replacedAt: 7, user: "b"), .active(5, user: "c"),
        ]
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            let page = try await world.store.page(BacklogQuery(scope: .all, limit: 10))
            let others = page.entries.map { Set($0.others.map(\.uid.rawValue)) }
            #expect(others == [[2, 3], [1, 2], []])
            let first = try #require(page.entries.first)
            #expect(first.record.email.fxaUID == "a")
            #expect(first.others.contains { $0.isActive && $0.uid == UID(2) })
        }
    }

    @Test("takes e-mails for one user's as the column's own collation does", arguments: Backend.all)
    func collation(_ backend: Backend) async throws {
        var other = SandboxRecord.active(2, user: "a")
        other.email = other.email.uppercased()
        try await backend.withStore(nodes: [.live(1)], records: [.obsolete(1, replacedAt: 5, user: "a"), other]) {
            world async throws in
            let page = try await world.store.page(BacklogQuery(scope: .all, limit: 10))
            // Only MySQL's and MariaDB's takes no account of case.
            #expect(page.entries.first?.others.map(\.uid) == ([.mariadb, .mysql].contains(backend) ? [UID(2)] : []))
        }
    }

    @Test("shows only records of deleted accounts if asked, older ones of theirs too", arguments: Backend.all)
    func deletedAccounts(_ backend: Backend) async throws {
        var records: [SandboxRecord] = (Int64(1)...1500).map { .obsolete($0, replacedAt: $0 < 700 ? 7 : $0) }
        for uid in [Int64(300), 1200] {
            records[Int(uid)].email = "gone\(uid)@example.com"
            var tombstone = SandboxRecord.obsolete(uid + 5000, replacedAt: 2000 + uid, user: "gone\(uid)")
            tombstone.generation = .max
            records.append(tombstone)
        }
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            var query = BacklogQuery(scope: .all, accounts: .deleted, limit: 10)
            var found: [Int64] = []
            while true {
                let page = try await world.store.page(query)
                found += page.entries.map(\.record.uid.rawValue)
                guard let next = page.examinedUpTo else { break }
                #expect(query.cursor.map { next > $0 } ?? true)
                query.cursor = next
            }
            #expect(found == [301, 1201, 5300, 6200])
        }
    }

    @Test("reads records again that are still in scope, and only those", arguments: Backend.all)
    func rereading(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [
            .obsolete(1, replacedAt: 5), .active(2), .obsolete(3, replacedAt: 2000), .obsolete(4, replacedAt: 6),
        ]
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            let entries = try await world.store.entries(
                [1, 2, 3, 4, 99].map { UID($0) },
                scope: BacklogScope(cutoff: Timestamp(1000))
            )
            #expect(Set(entries.map(\.record.uid.rawValue)) == [1, 4])
        }
    }

    @Test("tells what stands under a uid now, in scope or not", arguments: Backend.all)
    func standings(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [
            .obsolete(1, replacedAt: 5, node: 7), .active(2), .obsolete(3, replacedAt: 1 << 50),
        ]
        let many = (Int64(1000)...1600).map { SandboxRecord.obsolete($0, replacedAt: $0) }
        try await backend.withStore(nodes: [.live(1)], records: records + many) { world async throws in
            func standing(_ node: Int64, _ replacedAt: Int64?) -> RecordStanding {
                RecordStanding(
                    node: NodeID(node),
                    createdAt: Timestamp(1),
                    replacedAt: replacedAt.map { Timestamp($0) }
                )
            }
            let standings = try await world.store.standings([1, 2, 3, 99].map { UID($0) })
            #expect(
                standings == [UID(1): standing(7, 5), UID(2): standing(1, nil), UID(3): standing(1, 1 << 50)]
            )
            #expect(try await world.store.standings([]) == [:])
            let all = try await world.store.standings((many.map(\.uid) + [5000]).map { UID($0) })
            #expect(all.count == many.count)
            #expect(all[UID(1600)] == standing(1, 1600))
        }
    }

    @Test("finds the place at an offset, or none beyond the end", arguments: Backend.all)
    func offset(_ backend: Backend) async throws {
        let records = (Int64(1)...5).map { SandboxRecord.obsolete($0, replacedAt: 100 - $0) }
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            #expect(try await world.store.key(atOffset: 0, scope: .all)?.replacedAt == Timestamp(95))
            #expect(try await world.store.key(atOffset: 4, scope: .all)?.replacedAt == Timestamp(99))
            #expect(try await world.store.key(atOffset: 5, scope: .all) == nil)
        }
    }

    @Test("counts records that name a node, active ones too, up to a limit", arguments: Backend.all)
    func recordCount(_ backend: Backend) async throws {
        let records: [SandboxRecord] = [.obsolete(1, replacedAt: 5, node: 9), .active(2, node: 9), .active(3)]
        try await backend.withStore(nodes: [.live(1)], records: records) { world async throws in
            #expect(try await world.store.recordCount(naming: NodeID(9), limit: 10) == 2)
            #expect(try await world.store.recordCount(naming: NodeID(9), limit: 1) == 1)
            #expect(try await world.store.recordCount(naming: NodeID(7), limit: 10) == 0)
        }
    }

    @Test("counts the backlog, what waits for downed nodes, and the oldest", arguments: Backend.all)
    func counting(_ backend: Backend) async throws {
        var downed = SandboxTokenserver.NodeRow.live(2)
        downed.downed = 1
        let records: [SandboxRecord] = [
            .obsolete(1, replacedAt: 50), .obsolete(2, replacedAt: 40, node: 2), .active(3),
            .obsolete(4, replacedAt: 5000),
        ]
        try await backend.withStore(nodes: [.live(1), downed], records: records) { world async throws in
            let scope = BacklogScope(cutoff: Timestamp(1000))
            let size = try await world.counter.count(scope: scope, limit: .seconds(60))
            #expect(size == BacklogSize(purgeable: 2, waitingForDownedNodes: 1, oldest: Timestamp(40)))
        }
    }
}
