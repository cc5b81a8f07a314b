import Databases
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

@Suite("The probe of the database")
struct ProbeTests {
    private static let now = Milliseconds(1_700_000_000_000)

    private func record(_ uid: Int64, replacedAt: Int64?) -> SandboxRecord {
        var record = SandboxRecord(
            uid: uid,
            email: "user\(uid)@example.com",
            generation: 1,
            keysChangedAt: 1,
            clientState: "aa",
            createdAt: 1,
            node: NodeID(1)
        )
        record.replacedAt = replacedAt
        return record
    }

    @Test(
        "tells when the oldest purgeable record was replaced, held ones included, and active ones not",
        arguments: TestDatabase.Kind.allCases
    )
    func oldest(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { database in
            let probe = TokenserverProbe(connector: try database.connector)
            let scope = BacklogScope(cutoff: Self.now)
            #expect(try await probe.age(scope: scope) == .empty)
            try await database.tokenserver.insert([
                record(1, replacedAt: nil), record(2, replacedAt: Self.now.rawValue - 500),
                record(3, replacedAt: Self.now.rawValue - 900), record(4, replacedAt: Self.now.rawValue + 100),
            ])
            #expect(try await probe.age(scope: scope) == .oldest(Milliseconds(Self.now.rawValue - 900)))
            // It keeps no transaction open: what came since is seen.
            try await database.tokenserver.insert([record(5, replacedAt: Self.now.rawValue - 1000)])
            #expect(try await probe.age(scope: scope) == .oldest(Milliseconds(Self.now.rawValue - 1000)))
            #expect(try await probe.age(scope: BacklogScope(cutoff: Milliseconds(7))) == .empty)
            // In a range of uids it doesn't look, but asks.
            #expect(try await probe.age(scope: BacklogScope(cutoff: Self.now, uidsAbove: UID(1))) == .unknown)
        }
    }

    @Test(
        "fails once when its connection was cut, and then has a new one",
        arguments: [TestDatabase.Kind.mariadb, .postgres]
    )
    func cut(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { database in
            let probe = TokenserverProbe(connector: try database.connector)
            let scope = BacklogScope(cutoff: Self.now)
            #expect(try await probe.age(scope: scope) == .empty)
            let administration = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            #expect(try await administration.withSession { try $0.cutConnections(ofUsersLike: "purge_%") } > 0)
            await #expect(throws: StoreError.self) { try await probe.age(scope: scope) }
            #expect(try await probe.age(scope: scope) == .empty)
        }
    }
}
