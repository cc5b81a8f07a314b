import DatabaseServers
import Databases
import Purging
import Sandbox
import Synchronization
import TestDatabases
import TestSupport
import Testing
import TokenserverStore

@Suite("The probe of the database")
struct ProbeTests {
    private static let now = Timestamp(1_700_000_000_000)

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
            let probe = TokenserverProbe(
                connector: try database.connector,
                needsPrimary: true,
                time: ManualTime()
            )
            let scope = BacklogScope(cutoff: Self.now)
            #expect(try await probe.age(scope: scope) == .empty)
            try await database.tokenserver.insert([
                record(1, replacedAt: nil), record(2, replacedAt: Self.now.rawValue - 500),
                record(3, replacedAt: Self.now.rawValue - 900), record(4, replacedAt: Self.now.rawValue + 100),
            ])
            #expect(try await probe.age(scope: scope) == .oldest(Timestamp(Self.now.rawValue - 900)))
            // It keeps no transaction open: what came since is seen.
            try await database.tokenserver.insert([record(5, replacedAt: Self.now.rawValue - 1000)])
            #expect(try await probe.age(scope: scope) == .oldest(Timestamp(Self.now.rawValue - 1000)))
            #expect(try await probe.age(scope: BacklogScope(cutoff: Timestamp(7))) == .empty)
            let range = BacklogScope(cutoff: Self.now, uidsAbove: UID(1), uidsBelow: UID(3))
            #expect(try await probe.age(scope: range) == .oldest(Timestamp(Self.now.rawValue - 500)))
        }
    }

    @Test("has a new connection at once when the old one was cut", arguments: TestDatabase.Kind.servers)
    func cut(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { database in
            let probe = TokenserverProbe(connector: try database.connector, needsPrimary: true, time: ManualTime())
            let scope = BacklogScope(cutoff: Self.now)
            #expect(try await probe.age(scope: scope) == .empty)
            let administration = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            #expect(try await administration.withSession { try $0.cutConnections(ofUsersLike: "purge_%") } > 0)
            #expect(try await probe.age(scope: scope) == .empty)
        }
    }

    @Test(
        "a search that takes too long is given up, which is no trouble of the database, and not made again for a while",
        arguments: [
            (TestDatabase.Kind.mariadb, ["LOCK TABLES users WRITE"], "UNLOCK TABLES"),
            (.mysql, ["LOCK TABLES users WRITE"], "UNLOCK TABLES"),
            (.postgres, ["BEGIN", "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"], "ROLLBACK"),
        ]
    )
    func slow(_ kind: TestDatabase.Kind, locking: [String], unlocking: String) async throws {
        try await TestDatabase.with(kind) { database in
            let time = SystemTime()
            let probe = TokenserverProbe(connector: try database.connector, needsPrimary: true, time: time)
            let scope = BacklogScope(cutoff: Self.now)
            #expect(try await probe.age(scope: scope) == .empty)
            let administration = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            try await administration.withSession { session in
                for statement in locking { try session.execute(SQLStatement(stringLiteral: statement)) }
            }
            // The first search was quick, so the next one is soon due.
            var age = BacklogAge.empty
            let deadline = time.now + .seconds(120)
            var begin = time.now
            while time.now < deadline {
                begin = time.now
                age = try await probe.age(scope: scope)
                if time.now - begin > .milliseconds(1500) { break }
                await time.sleep(until: time.now + .milliseconds(50))
            }
            #expect(age == .unknown)
            #expect(time.now - begin > .milliseconds(1500))
            // Now it only asks, although the table is still locked.
            begin = time.now
            #expect(try await probe.age(scope: scope) == .unknown)
            #expect(time.now - begin < .milliseconds(1500))
            _ = try await administration.withSession { try $0.execute(SQLStatement(stringLiteral: unlocking)) }
        }
    }

    @Test(
        "a refused login is not tried again at once, as that locks accounts",
        arguments: TestDatabase.Kind.servers
    )
    func refused(_ kind: TestDatabase.Kind) async throws {
        let server = try await DatabaseServer.shared(try #require(kind.server))
        let wrong = try Database.connector(server.url(database: "nothing", user: "nobody_\(kind)", password: "wrong"))
        let connector = CountingConnector(wrong)
        let time = ManualTime()
        let probe = TokenserverProbe(connector: connector, needsPrimary: false, time: time)
        for _ in 0..<5 {
            await #expect(throws: StoreError.self) { try await probe.age(scope: BacklogScope(cutoff: Self.now)) }
        }
        #expect(connector.count == 1)
        time.advance(by: .seconds(61))
        await #expect(throws: StoreError.self) { try await probe.age(scope: BacklogScope(cutoff: Self.now)) }
        #expect(connector.count == 2)
    }
}

/// Counts how often it is asked for a connection.
private final class CountingConnector: SQLConnector {
    private let connector: any SQLConnector
    private let counted = Mutex(0)

    init(_ connector: any SQLConnector) { self.connector = connector }

    var count: Int { counted.withLock { $0 } }
    var name: String { connector.name }

    func connect(_ options: ConnectionOptions) async throws -> any SQLConnection {
        counted.withLock { $0 += 1 }
        return try await connector.connect(options)
    }
}
