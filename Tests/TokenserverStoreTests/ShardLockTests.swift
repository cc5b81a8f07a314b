import DatabaseServers
import Databases
import Foundation
import Purging
import TestDatabases
import Testing
import TokenserverStore

@Suite("The lock of a shard")
struct ShardLockTests {
    private static let some = Shard.all(3)

    @Test("is one program's at a time, and free again when that gives it up", arguments: TestDatabase.Kind.allCases)
    func exclusive(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { database in
            let one = try await Database.shardLocks(try database.connector)
            let other = try await Database.shardLocks(try database.connector)
            for shard in Self.some {
                #expect(try await one.tryLock(shard))
                #expect(try await one.tryLock(shard), "a second time it is still ours")
                #expect(try await !other.tryLock(shard))
                try await one.verify(shard)
                await #expect(throws: ShardLost.self) { try await other.verify(shard) }
            }
            await one.unlock(Self.some[1])
            #expect(try await other.tryLock(Self.some[1]))
            #expect(try await !one.tryLock(Self.some[1]))
            // What isn't ours can't be given up.
            await one.unlock(Self.some[1])
            try await other.verify(Self.some[1])
            try await one.verify(Self.some[0])
            // Other numbers of shards are other locks.
            let half = try #require(Shard(1, of: 2))
            #expect(try await one.tryLock(half))
        }
    }

    @Test("belongs to one database of a server", arguments: TestDatabase.Kind.servers)
    func ofOneDatabase(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { one in
            try await TestDatabase.with(kind) { other in
                let shard = Self.some[0]
                let (locks, others) = (
                    try await Database.shardLocks(try one.connector), try await Database.shardLocks(try other.connector)
                )
                #expect(try await locks.tryLock(shard))
                #expect(try await others.tryLock(shard))
            }
        }
    }

    @Test("is lost with its session, and all others with it", arguments: TestDatabase.Kind.servers)
    func lostSession(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { database in
            let one = try await Database.shardLocks(try database.connector)
            let other = try await Database.shardLocks(try database.connector)
            for shard in Self.some { #expect(try await one.tryLock(shard)) }
            let administration = try await database.ownerConnector.connect(ConnectionOptions(readOnly: false))
            #expect(try await administration.withSession { try $0.cutConnections(ofUsersLike: "purge_%") } > 0)
            await #expect(throws: ShardLost.self) { try await one.verify(Self.some[0]) }
            await #expect(throws: ShardLost.self) { try await one.verify(Self.some[1]) }
            // The other's was cut as well, which it learns once.
            _ = try? await other.tryLock(Self.some[0])
            #expect(try await other.tryLock(Self.some[0]))
            #expect(try await !one.tryLock(Self.some[0]))
            #expect(try await one.tryLock(Self.some[1]))
        }
    }

    @Test("is refused behind a pooler in transaction mode, with the remedy")
    func pooler() async throws {
        try await TestDatabase.with(.postgres) { database in
            let server = try await DatabaseServer.shared(.postgres)
            let pooler = try Pooler(before: server.port)
            let url = database.url.replacing(":\(server.port)/", with: ":\(pooler.port)/")
            for _ in 0..<5 {
                let error = await #expect(throws: StoreError.self) {
                    try await Database.shardLocks(try Database.connector(url))
                }
                #expect(error?.description.contains("pooler in transaction mode") == true, "\(error as Any)")
                #expect(error?.description.contains("--shard I/N") == true)
            }
        }
    }

    @Test("is refused on a Galera cluster, with the remedy")
    func galera() async throws {
        let library = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: ".build/unpacked/usr/lib/libgalera_smm.so")
        let provider = FileManager.default.temporaryDirectory.appending(path: "galera-\(UUID().uuidString).so")
        // The server's account may not enter the folder of the project.
        try FileManager.default.copyItem(at: library, to: provider)
        defer { try? FileManager.default.removeItem(at: provider) }
        let server = try await DatabaseServer.start(
            .mariadb,
            options: [
                "--wsrep-on=ON", "--wsrep-provider=\(provider.path)", "--wsrep-cluster-address=gcomm://",
                "--binlog-format=ROW", "--wsrep-provider-options=base_port=\(Int.random(in: 41_000...59_000))",
                "--wsrep-node-address=127.0.0.1",
            ]
        )
        let error = await #expect(throws: StoreError.self) {
            try await Database.shardLocks(try Database.connector(server.url(database: "mysql")))
        }
        #expect(error?.description.contains("Galera") == true && error?.description.contains("--shard I/N") == true)
    }

    @Test("is a file beside a SQLite database, and lost if that is removed")
    func file() async throws {
        try await TestDatabase.with(.sqlite) { database in
            let (one, other) = (
                try await Database.shardLocks(try database.connector),
                try await Database.shardLocks(try database.connector)
            )
            let path = try #require(URL(string: database.url)?.path) + ".shard-2-of-3.lock"
            #expect(try await one.tryLock(Self.some[2]))
            #expect(FileManager.default.fileExists(atPath: path))
            try FileManager.default.removeItem(atPath: path)
            await #expect(throws: ShardLost.self) { try await one.verify(Self.some[2]) }
            #expect(try await other.tryLock(Self.some[2]))
            #expect(try await !one.tryLock(Self.some[2]))
        }
    }

    @Test("can't be made where the database's folder can't be written to: one line says so")
    func fileRefused() async throws {
        let connector = try Database.connector("sqlite:////nowhere/to/be/found.db")
        let locks = try await Database.shardLocks(connector)
        let error = await #expect(throws: StoreError.self) { try await locks.tryLock(Self.some[0]) }
        #expect(error?.description.contains("lock file /nowhere/to/be/found.db.shard-0-of-3.lock") == true)
    }
}
