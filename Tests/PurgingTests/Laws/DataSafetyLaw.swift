import Purging
import SyncTokens
import TestSupport
import Testing

/// Random users on random nodes under random policies: what may be deleted is worked out here a second time, the slow
/// way.
@Suite("Law 2: no DELETE reaches an active record's data, or data that the next login gets back")
struct DataSafetyLaw {
    @Test("whatever the users, the nodes and the policy are", arguments: Seeds.some(60))
    func randomWorlds(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<80 {
            let world = World(using: &random)
            for record in world.records where !record.isActive {
                world.check(record)
            }
        }
    }
}

private struct World {
    var nodes: [Node] = []
    var policy = PurgePolicy()
    var types: [NodeID: StorageKeying] = [:]
    var overrideType: StorageKeying?
    var records: [UserRecord] = []

    init(using random: inout SeededGenerator) {
        let keyings: [StorageKeying] = [.uid, .account, .unknown]
        var byURL: [String: StorageKeying] = [:]
        for id in Int64(1)...4 {
            let url = "https://n\(id).example"
            let keying = random.pick(keyings)
            nodes.append(Node(id: NodeID(id), url: url, isDowned: random.chance(1, in: 4)))
            types[NodeID(id)] = keying
            if keying != .unknown { byURL[url] = keying }
        }
        policy.forcesDownedNodes = random.chance(1, in: 2)
        if random.chance(1, in: 2) {
            policy.overrideNode = try? ServiceURL("https://new.example")
            let keying = random.pick(keyings)
            if keying != .unknown { byURL["https://new.example"] = keying }
            if policy.forcesDownedNodes { overrideType = keying }
        }
        policy.storageTypes = StorageTypes(byURL: byURL)
        policy.purgesUnassigned = random.chance(1, in: 4)
        policy.acceptsUnaddressable = random.chance(1, in: 2)
        let isDeleted = random.chance(1, in: 4)
        for uid in 1...Int64(random.integer(1...5)) {
            let replacedAt: Int64? = random.chance(1, in: 3) && !isDeleted ? nil : Int64(random.integer(1...9))
            records.append(
                .of(
                    "a",
                    uid: uid,
                    generation: random.chance(1, in: 4) && isDeleted ? .max : Int64(random.integer(0...3)),
                    keysChangedAt: random.pick([nil, 0, 1, 2]),
                    clientState: random.pick(["aa", "bb", "", "no"]),
                    createdAt: Int64(random.integer(1...4)),
                    replacedAt: replacedAt,
                    node: Int64(random.integer(1...5))
                )
            )
        }
    }

    /// Every storage on which the data of a record of this node may lie, by its keying.
    private func storages(of node: NodeID) -> [StorageKeying] {
        guard let row = nodes.first(where: { $0.id == node }) else { return [.unknown] }
        let own = types[node] ?? .unknown
        return row.isDowned ? [own, overrideType ?? own] : [own]
    }

    func check(_ record: UserRecord) {
        let others = records.filter { $0.uid != record.uid }
        guard let entry = BacklogEntry(record: record, others: others) else { return }
        let directory = NodeDirectory(nodes: nodes, policy: policy)
        guard case .purge(let deletion) = PurgePlanner(policy: policy).action(for: entry, in: directory) else { return }
        let isPastDowned = nodes.contains { $0.id == record.nodeID && $0.isDowned }
        #expect(!isPastDowned || policy.forcesDownedNodes)
        let keying = isPastDowned ? overrideType ?? types[record.nodeID] : types[record.nodeID]
        let keys = Set(deletion.keys.map(\.id))
        #expect(keys.isSubset(of: record.keys ?? []))
        if keying == .uid { return }
        for active in others where active.isActive {
            let mayShare =
                keying == .account
                ? storages(of: active.nodeID).contains { $0 != .uid }
                : overrideType != nil || active.nodeID == record.nodeID
            #expect(!mayShare || keys.isDisjoint(with: active.keys ?? []), "\(record) and \(active) by \(deletion)")
        }
        let isUnassigned = !records.contains { $0.isActive || $0.isTombstone }
        if keying == .account, isUnassigned, !policy.purgesUnassigned {
            let newest = records.max { ($0.generation, $0.createdAt) < ($1.generation, $1.createdAt) }
            #expect(record.uid != newest?.uid)
            #expect(keys.isDisjoint(with: newest?.keys ?? []), "\(record) and \(String(describing: newest))")
        }
    }
}
