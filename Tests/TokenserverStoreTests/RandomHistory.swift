import Purging
import Sandbox
import TestSupport

/// What happens to a Tokenserver, made up at random: logins, changed keys, races, deleted accounts, nodes that go down,
/// are unassigned (which gives many records one `replaced_at`) or disappear.
///
/// The same seed makes the same history. E-mails differ in more than case, on which databases disagree.
struct RandomHistory {
    private static let day: Int64 = 86_400_000

    private(set) var nodes: [SandboxTokenserver.NodeRow] = []
    var records: [SandboxRecord] = []
    private(set) var random: SeededGenerator
    /// In milliseconds since 1970; it ends at least two days before now.
    private var time: Int64
    private var lastUID: Int64 = 0

    init(seed: UInt64, now: Int64) {
        random = SeededGenerator(seed: seed)
        time = now - 400 * Self.day
        for id in 1...Int64(random.integer(2...4)) {
            var node = SandboxTokenserver.NodeRow.live(id)
            node.capacity = random.integer(95...110)
            node.currentLoad = random.integer(0...12)
            nodes.append(node)
        }
    }

    /// Lets some weeks pass.
    mutating func proceed() {
        for _ in 0..<random.integer(1...40) {
            time += Int64(random.integer(1...1000)) * 60_000
            event()
        }
    }

    private mutating func event() {
        let user = "user\(random.integer(1...8))@example.com"
        let active = records.indices.filter { records[$0].email == user && records[$0].replacedAt == nil }
        let known = records.filter { $0.email == user }
        switch random.integer(0...19) {
        case 0..<8: login(user, newKey: known.isEmpty || random.chance(1, in: 2))
        case 8..<10:
            // A race: two records of one key, neither replaced.
            login(user, newKey: true)
            login(user, newKey: false, isRace: true)
        case 10..<13:
            for index in active {
                records[index].replacedAt = time
                records[index].generation = UserRecord.retiredGeneration
            }
        case 13..<15:
            let node = random.pick(nodes).id
            for index in records.indices where records[index].node == node && records[index].replacedAt == nil {
                records[index].replacedAt = time
            }
        case 15: nodes[random.integer(0...nodes.count - 1)].downed = random.integer(0...1)
        case 16: nodes[random.integer(0...nodes.count - 1)].backoff = random.integer(0...1)
        case 17 where nodes.count > 1: nodes.removeLast()
        case 18:
            if let index = active.first { records[index].clientState = "not hex" }
        default: break
        }
    }

    private mutating func login(_ user: String, newKey: Bool, isRace: Bool = false) {
        let known = records.filter { $0.email == user }
        if known.contains(where: { $0.generation == UserRecord.retiredGeneration }) { return }
        let newest = known.max { ($0.generation, $0.createdAt) < ($1.generation, $1.createdAt) }
        if !isRace {
            for index in records.indices where records[index].email == user && records[index].replacedAt == nil {
                records[index].replacedAt = time
            }
        }
        lastUID += 1
        records.append(
            SandboxRecord(
                uid: lastUID,
                email: user,
                generation: newKey ? time : newest?.generation ?? time,
                keysChangedAt: newKey ? random.pick([nil, 0, time]) : newest?.keysChangedAt,
                clientState: newKey ? "\(String(lastUID, radix: 16))ab".padded : newest?.clientState ?? "ab",
                createdAt: isRace ? time + 1 : time,
                node: random.pick(nodes).id
            )
        )
    }
}

extension String {
    /// With a digit more if their number is odd: hex comes in pairs.
    fileprivate var padded: String { count % 2 == 0 ? self : "0" + self }
}
