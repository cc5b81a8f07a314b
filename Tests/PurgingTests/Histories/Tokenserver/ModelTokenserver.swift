import Purging
import Synchronization
import TestSupport

/// Tokenserver's database, and who changes it apart from the purge: statement by statement, each of them atomic.
///
/// The rows lie in the store that the purge works on. Here is what is known of them besides: how they stood during the
/// last minute.
final class ModelTokenserver: Sendable {
    /// How Tokenserver is set up; operators may change it.
    struct Setting: Sendable {
        var server: ModelServer
        /// Of the accounts' e-mail addresses.
        var domain = "example.com"
        var spannerNode: Int64?
        var collation: InMemoryRecordStore.Collation
        /// Whether a database that restarts forgets the highest uid.
        var forgetsUIDs = false

        func email(_ fxaUID: String) -> String { "\(fxaUID)@\(domain)" }

        /// What the account's rows are found by.
        func owner(_ fxaUID: String) -> String { collation(email(fxaUID)) }
    }

    /// The rows from a moment on.
    struct Version: Sendable {
        let since: Duration
        let rows: ModelRows
    }

    private static let memory = Duration.seconds(60)

    let store: InMemoryRecordStore
    let time: ManualTime
    private let state: Mutex<(setting: Setting, versions: [Version])>

    init(nodes: [ModelNode], setting: Setting, time: ManualTime) {
        self.time = time
        store = InMemoryRecordStore(
            nodes: nodes.map(\.stored),
            tracksSlots: setting.spannerNode == nil,
            time: time,
            mostExamined: 5,
            collation: setting.collation
        )
        state = Mutex((setting, [Version(since: time.elapsed, rows: ModelRows(nodes: nodes))]))
    }

    var setting: Setting { state.withLock(\.setting) }

    func change(_ change: (inout Setting) -> Void) { state.withLock { change(&$0.setting) } }

    var rows: ModelRows { state.withLock { $0.versions.last?.rows } ?? ModelRows() }

    var now: Int64 { time.wallTime.rawValue }

    /// All that the rows were at some moment since `start`.
    func versions(since start: Duration) -> [Version] {
        state.withLock { state in
            let first = state.versions.lastIndex { $0.since <= start } ?? 0
            return Array(state.versions[first...])
        }
    }

    /// Executes one statement.
    func execute<Result>(_ statement: (inout ModelRows) -> Result) -> Result {
        let before = rows
        var after = before
        let result = statement(&after)
        let known = Dictionary(before.users.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        var isChanged = false
        for user in after.users where known[user.uid] != user {
            store.put(user.stored)
            isChanged = true
        }
        for node in after.nodes where before.node(node.id) != node {
            store.put(node.stored)
            isChanged = true
        }
        for node in before.nodes where after.node(node.id) == nil {
            store.removeNode(node.id)
            isChanged = true
        }
        if isChanged || after.lastUID != before.lastUID { note(after) }
        return result
    }

    /// The purge changed something: takes it over.
    func takeOver() {
        var rows = rows
        let stored = Dictionary(store.userRows.map { ($0.record.uid.rawValue, $0.record) }, uniquingKeysWith: { $1 })
        rows.users.removeAll { stored[$0.uid] == nil }
        rows.updateUsers { _ in
            true
        } _: {
            $0.replacedAt = stored[$0.uid]?.replacedAt?.rawValue
        }
        let nodes = Dictionary(store.nodeRows.map { ($0.node.id.rawValue, $0) }, uniquingKeysWith: { $1 })
        rows.updateNodes { _ in
            true
        } _: {
            $0.available = nodes[$0.id]?.available ?? 0
            $0.load = nodes[$0.id]?.currentLoad ?? 0
        }
        note(rows)
    }

    private func note(_ rows: ModelRows) {
        let now = time.elapsed
        state.withLock { state in
            state.versions.append(Version(since: now, rows: rows))
            let old = state.versions.lastIndex { $0.since <= now - Self.memory } ?? 0
            state.versions.removeFirst(old)
        }
    }
}

extension ModelUser {
    fileprivate var stored: InMemoryRecordStore.UserRow {
        let record = UserRecord(
            uid: UID(uid),
            email: AccountEmail(email),
            generation: generation,
            keysChangedAt: keysChangedAt,
            clientState: clientState,
            createdAt: Timestamp(createdAt),
            replacedAt: replacedAt.map { Timestamp($0) },
            nodeID: NodeID(node)
        )
        return .init(record, email: email, isOfService: service == ModelRows.service)
    }
}

extension ModelNode {
    fileprivate var stored: InMemoryRecordStore.NodeRow {
        .init(
            Node(id: NodeID(id), url: url, isDowned: downed != 0, isThrottled: backoff != 0),
            available: available,
            currentLoad: load,
            capacity: capacity
        )
    }
}
