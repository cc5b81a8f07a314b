import Foundation
package import Purging
package import SyncTokens
package import TokenserverStore

/// A whole small world on loopback: running storage nodes, a Tokenserver's database with a history, and the data of
/// every record on its node.
package struct SandboxWorld: Sendable {
    package struct LiveNode: Sendable {
        package let row: SandboxTokenserver.NodeRow
        package let keying: DataKeying
        package let node: StorageNode
    }

    package let tokenserver: SandboxTokenserver
    package let live: [LiveNode]
    package let downed: SandboxTokenserver.NodeRow
    package let goneNode: NodeID
    /// What was filled in at first.
    package let records: [SandboxRecord]

    /// Starts two nodes that key by uid and one that keys by account, names one that is down and one that is gone,
    /// and fills the database and the nodes.
    package init(connector: any SQLConnector, secret: MasterSecret, users: Int, seed: UInt64) async throws {
        var live: [LiveNode] = []
        for (index, keying) in [DataKeying.uid, .uid, .account].enumerated() {
            var configuration = StorageNode.Configuration(secret: secret)
            configuration.keying = keying
            configuration.faults = FaultPlan([], latency: Latency(.milliseconds(4), jitter: .milliseconds(4)))
            let node = try await StorageNode.start(configuration)
            let row = SandboxTokenserver.NodeRow(id: NodeID(Int64(index + 1)), url: node.url)
            live.append(LiveNode(row: row, keying: keying, node: node))
        }
        var downed = SandboxTokenserver.NodeRow(id: NodeID(8), url: "http://127.0.0.1:9")
        downed.downed = 1
        goneNode = NodeID(9)
        var settings = GeneratedHistory.Settings(
            nodes: live.map(\.row.id),
            now: Int64(Date().timeIntervalSince1970 * 1000)
        )
        settings.users = users
        settings.seed = seed
        settings.downedNodes = [downed.id]
        settings.goneNodes = [goneNode]
        records = GeneratedHistory.records(settings)
        tokenserver = try await SandboxTokenserver.create(connector: connector)
        try await tokenserver.insert(live.map(\.row) + [downed])
        try await tokenserver.insert(records)
        for place in live {
            place.node.data.put(contentsOf: SandboxWorld.data(of: records, on: place.row.id, keying: place.keying))
        }
        self.live = live
        self.downed = downed
    }

    /// What the records' owners stored on a node: written when the record was made.
    package static func data(of records: [SandboxRecord], on node: NodeID, keying: DataKeying) -> [DataOfUser] {
        records.filter { $0.node == node }.flatMap { record in
            record.owners(keying).prefix(1).map {
                DataOfUser($0, lastModified: StorageTime(seconds: Double(record.createdAt) / 1000), bytes: 2000)
            }
        }
    }

    package func stop() async {
        for place in live {
            await place.node.stop()
        }
    }

    /// Records whose data must still be on its node but is not: those of active records, and those replaced too
    /// recently. Empty if no live user was harmed.
    package func harmed(gracePeriodEndsAt cutoff: Int64) -> [SandboxRecord] {
        records.filter { record in
            guard record.replacedAt.map({ $0 >= cutoff }) ?? true,
                let place = live.first(where: { $0.row.id == record.node })
            else { return false }
            return !record.owners(place.keying).prefix(1).allSatisfy(place.node.data.has)
        }
    }

    /// Records that are gone from the database although their data is still stored, and is not an active record's.
    package func falselyDone() async throws -> [SandboxRecord] {
        let left = Set(try await tokenserver.records().map(\.uid))
        let activeOwners = Set(records.filter { $0.replacedAt == nil }.flatMap { $0.owners(.account) })
        return records.filter { record in
            guard !left.contains(record.uid), let place = live.first(where: { $0.row.id == record.node }) else {
                return false
            }
            return record.owners(place.keying).contains { place.node.data.has($0) && !activeOwners.contains($0) }
        }
    }
}
