package import Purging

/// Makes up what a Tokenserver's users table looks like after some years: users with one record or several, changed
/// keys, deleted accounts, users without a node, races that left twins, records within the grace period, and a few
/// malformed ones.
///
/// The same seed makes the same history.
package struct GeneratedHistory: Sendable {
    package struct Settings: Sendable {
        package var users = 3000
        package var seed: UInt64 = 1
        /// Nodes that users are on.
        package var nodes: [NodeID]
        /// Nodes that are down, and nodes whose row is gone: old records are on them.
        package var downedNodes: [NodeID] = []
        package var goneNodes: [NodeID] = []
        /// The moment at which the history ends, in milliseconds since 1970.
        package var now: Int64
        package var firstUID: Int64 = 1001
        /// Of a thousand records, how many hold a `client_state` that is not hex.
        package var malformedPerMille = 2

        package init(nodes: [NodeID], now: Int64) {
            self.nodes = nodes
            self.now = now
        }
    }

    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 24 * hour

    private let settings: Settings
    private var random: SeededGenerator
    private var lastUID: Int64
    private var records: [SandboxRecord] = []

    private init(_ settings: Settings) {
        self.settings = settings
        random = SeededGenerator(seed: settings.seed)
        lastUID = settings.firstUID - 1
    }

    /// The records of all users, in the order of their uids.
    package static func records(_ settings: Settings) -> [SandboxRecord] {
        var history = GeneratedHistory(settings)
        for _ in 0..<settings.users {
            history.addUser()
        }
        return history.records
    }

    private mutating func addUser() {
        let email = "\(hex(32))@api.accounts.firefox.com"
        var time = settings.now - Int64.random(in: 40 * Self.day...900 * Self.day, using: &random)
        let first = records.count
        add(email, at: time, keysChangedAt: usualKeysChangedAt(time), on: node())
        for _ in 0..<Int.random(in: 0...2, using: &random) where time < settings.now - 10 * Self.day {
            time = Int64.random(in: time + Self.hour...settings.now - 5 * Self.day, using: &random)
            replaceLast(at: time)
            add(email, at: time, keysChangedAt: time, on: node())
        }
        let last = records.count - 1
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12: retire(last, at: Int64.random(in: time...settings.now - 2 * Self.day, using: &random))
        case 12..<17: replaceLast(at: Int64.random(in: time...settings.now - 2 * Self.day, using: &random))
        case 17..<22:
            // A race: a second record with the same key, and the first one's replacement is backdated.
            var twin = records[last]
            twin.createdAt += 5
            records[last].replacedAt = twin.createdAt
            append(twin)
        case 22..<28:
            let recently = settings.now - Int64.random(in: 0..<20 * Self.hour, using: &random)
            replaceLast(at: recently)
            add(email, at: recently, keysChangedAt: recently, on: node())
        default: break
        }
        for index in first..<records.count where records[index].replacedAt != nil {
            moveObsolete(index)
        }
    }

    private mutating func add(_ email: String, at time: Int64, keysChangedAt: Int64?, on node: NodeID) {
        append(
            SandboxRecord(
                uid: 0,
                email: email,
                generation: time,
                keysChangedAt: keysChangedAt,
                clientState: hex(32),
                createdAt: time,
                node: node
            )
        )
    }

    private mutating func append(_ record: SandboxRecord) {
        lastUID += 1
        var record = record
        record.uid = lastUID
        records.append(record)
    }

    private mutating func replaceLast(at time: Int64) { records[records.count - 1].replacedAt = time }

    private mutating func retire(_ index: Int, at time: Int64) {
        records[index].replacedAt = time
        records[index].generation = UserRecord.retiredGeneration
    }

    /// Some obsolete records are on nodes that are down or gone, and some hold nonsense.
    private mutating func moveObsolete(_ index: Int) {
        let chance = Int.random(in: 0..<100, using: &random)
        if chance < 8, let downed = settings.downedNodes.randomElement(using: &random) {
            records[index].node = downed
        } else if chance < 14, let gone = settings.goneNodes.randomElement(using: &random) {
            records[index].node = gone
        }
        if Int.random(in: 0..<1000, using: &random) < settings.malformedPerMille {
            records[index].clientState = "no hex at all"
        }
    }

    private mutating func node() -> NodeID { settings.nodes.randomElement(using: &random) ?? NodeID(1) }

    /// Old records have no `keys_changed_at`, some a 0.
    private mutating func usualKeysChangedAt(_ time: Int64) -> Int64? {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: nil
        case 1: 0
        default: time
        }
    }

    private mutating func hex(_ digits: Int) -> String {
        var text = ""
        while text.count < digits {
            let word = String(random.next(), radix: 16)
            text += String(repeating: "0", count: 16 - word.count) + word
        }
        return String(text.prefix(digits))
    }
}
