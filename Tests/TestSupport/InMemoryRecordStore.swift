package import Purging
import Synchronization

/// A Tokenserver's database in memory: a full driver, with free access to its rows.
///
/// Users are matched by their e-mail as the collation has it. Every call is atomic.
package final class InMemoryRecordStore: RecordStore, BacklogCounter {
    /// A row of `nodes`, whole.
    package struct NodeRow: Sendable, Equatable {
        package var node: Node
        package var available: Int
        package var currentLoad: Int
        package var capacity: Int

        package init(_ node: Node, available: Int = 100, currentLoad: Int = 100, capacity: Int = 1000) {
            self.node = node
            self.available = available
            self.currentLoad = currentLoad
            self.capacity = capacity
        }
    }

    /// A row of `users`, with the e-mail in the open.
    package struct UserRow: Sendable {
        package var record: UserRecord
        package var email: String
        /// Whether it is of the service that is purged. Others stand in the same table, but are nobody's business here.
        package var isOfService: Bool

        /// - Parameter email: by default the one that ``UserRecord`` builders give.
        package init(_ record: UserRecord, email: String? = nil, isOfService: Bool = true) {
            self.record = record
            self.email = email ?? "\(record.email.fxaUID)@example.com"
            self.isOfService = isOfService
        }
    }

    /// What e-mails that the database takes for the same have in common.
    package typealias Collation = @Sendable (_ email: String) -> String

    /// PostgreSQL's: to the letter.
    package static let exact: Collation = { $0 }
    /// MySQL's: whatever the case.
    package static let caseInsensitive: Collation = { $0.lowercased() }

    /// What the program asked for.
    package enum Call: Sendable {
        case currentTime
        case nodes
        case page(BacklogQuery)
        case entries([UID])
        case key(atOffset: Int)
        case recordCount(NodeID)
        case settle([Settlement])
        case standings([UID])
        case count
    }

    let tracksSlots: Bool
    let time: any TimeSource
    /// What the database's clock is ahead of this machine's.
    var clockSkew: Duration { skew.withLock { $0 } }
    /// Index entries that a page examines at most when it leaves some out.
    let mostExamined: Int
    let tables: Mutex<Tables>
    private let skew: Mutex<Duration>
    private let reads = Mutex<[UID: ContinuousClock.Instant]>([:])
    private let history = Mutex<[Call]>([])
    private let hook = Mutex<@Sendable (Call) async throws -> Void>({ _ in })
    private let settledHook = Mutex<@Sendable () throws -> Void>({})

    package init(
        nodes: [NodeRow],
        users: [UserRow] = [],
        tracksSlots: Bool = true,
        time: any TimeSource = SystemTime(),
        clockSkew: Duration = .zero,
        mostExamined: Int = 1000,
        collation: @escaping Collation = exact
    ) {
        self.tracksSlots = tracksSlots
        self.time = time
        skew = Mutex(clockSkew)
        self.mostExamined = mostExamined
        tables = Mutex(Tables(nodes: nodes, users: users, collation: collation))
    }

    // MARK: For tests

    /// All nodes, by id.
    package var nodeRows: [NodeRow] { tables.withLock { $0.nodes.values.sorted { $0.node.id < $1.node.id } } }

    /// All records, by uid.
    package var userRows: [UserRow] { tables.withLock { $0.users.values.sorted { $0.record.uid < $1.record.uid } } }

    package var records: [UserRecord] { userRows.map(\.record) }

    package func record(_ uid: Int64) -> UserRecord? { tables.withLock { $0.users[UID(uid)]?.record } }

    /// Everything that was asked for so far.
    package var calls: [Call] { history.withLock { $0 } }

    /// Settlements asked for so far, whatever came of them.
    package var settlementsAsked: [Settlement] {
        calls.flatMap { call -> [Settlement] in
            if case .settle(let batch) = call { batch } else { [] }
        }
    }

    /// What happens before each call: a delay, an error, a change that someone else makes.
    package func beforeCall(_ body: @escaping @Sendable (Call) async throws -> Void) {
        hook.withLock { $0 = body }
    }

    /// What happens after a batch was written: an error here means that only the answer got lost.
    package func afterSettling(_ body: @escaping @Sendable () throws -> Void) {
        settledHook.withLock { $0 = body }
    }

    package func insert(_ record: UserRecord, email: String? = nil) { put(UserRow(record, email: email)) }

    package func put(_ user: UserRow) { tables.withLock { $0.put(user) } }

    package func remove(_ uid: Int64) { tables.withLock { $0.remove(UID(uid)) } }

    package func update(_ uid: Int64, _ change: (inout UserRecord) -> Void) {
        tables.withLock { tables in
            guard var row = tables.users[UID(uid)] else { return }
            change(&row.record)
            tables.put(row)
        }
    }

    /// The user got a new key or node: the record is obsolete from now on.
    package func replace(_ uid: Int64, at moment: Timestamp) { update(uid) { $0.replacedAt = moment } }

    /// The account was deleted: its active records become tombstones.
    package func retire(email: String, at moment: Timestamp) {
        tables.withLock { tables in
            for uid in tables.uids(of: email) {
                guard var row = tables.users[uid], row.record.isActive else { continue }
                row.record.replacedAt = moment
                row.record.generation = .max
                tables.put(row)
            }
        }
    }

    package func setClockSkew(_ duration: Duration) { skew.withLock { $0 = duration } }

    package func put(_ node: NodeRow) { tables.withLock { $0.nodes[node.node.id] = node } }

    package func removeNode(_ id: Int64) { tables.withLock { $0.nodes[NodeID(id)] = nil } }

    package func updateNode(_ id: Int64, _ change: (inout NodeRow) -> Void) {
        tables.withLock { tables in
            guard var row = tables.nodes[NodeID(id)] else { return }
            change(&row)
            tables.nodes[NodeID(id)] = row
        }
    }

    /// When a record was last given out with its user's others.
    package func lastRead(_ uid: UID) -> ContinuousClock.Instant? { reads.withLock { $0[uid] } }

    func noteRead(_ entries: [BacklogEntry]) {
        let now = time.now
        reads.withLock { reads in
            for entry in entries {
                reads[entry.record.uid] = now
            }
        }
    }

    func noteSettled() throws { try settledHook.withLock { $0 }() }

    func note(_ call: Call) async throws {
        history.withLock { $0.append(call) }
        try await hook.withLock { $0 }(call)
    }
}
