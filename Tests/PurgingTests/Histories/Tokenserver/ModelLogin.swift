/// One login at Tokenserver: a sequence of statements, each of them one call of ``step(_:now:pick:)``. Between two of
/// them anything may happen to the tables.
struct ModelLogin: Sendable {
    enum Outcome: Equatable, Sendable {
        case token(ModelToken)
        case refused(String)
    }

    /// Who decides between the nodes that may take a user.
    typealias Pick = ([ModelNode]) -> ModelNode?

    enum Phase: Sendable {
        case lookUp
        case stamp([Int64])
        case chooseNode
        case raiseLoad(ModelNode)
        case copy(ModelNode)
        case compare
        case findNode(at: Int64)
        case renew(node: Int64, at: Int64)
        case replaceOthers(uid: Int64, at: Int64)
        case putUser
    }

    /// The user as the login has it in memory.
    struct User: Sendable {
        var uid: Int64
        var url: String?
        var generation: Int64
        var keysChangedAt: Int64?
        var clientState: String
        var oldStates: [String] = []
    }

    let fxaUID: String
    let email: String
    let owner: String
    /// Nil for missing, as 0 is.
    let generation: Int64?
    let keysChangedAt: Int64?
    let clientState: String
    let server: ModelServer
    /// The one node that is used whatever the table says, if so configured.
    let spannerNode: Int64?
    var phase = Phase.lookUp
    var user: User
    private var needsCopy = false
    private var stampedAt: Int64 = 0
    /// What the rows are to have after the comparison.
    var wanted: (generation: Int64, keysChangedAt: Int64?) = (0, nil)

    init(
        _ account: ModelAccount,
        _ proof: ModelAccount.Proof,
        _ kind: ModelAccount.Kind,
        setting: ModelTokenserver.Setting
    ) {
        fxaUID = account.fxaUID
        email = setting.email(account.fxaUID)
        owner = setting.owner(account.fxaUID)
        generation = kind.hasGeneration && proof.generation != 0 ? proof.generation : nil
        keysChangedAt = kind.hasKeysChangedAt && proof.keysChangedAt != 0 ? proof.keysChangedAt : nil
        clientState = proof.clientState
        server = setting.server
        spannerNode = setting.spannerNode
        user = User(
            uid: 0,
            generation: generation ?? 0,
            keysChangedAt: setting.server == .pythonThatWritesZero ? keysChangedAt ?? 0 : keysChangedAt,
            clientState: proof.clientState
        )
    }

    /// Executes the next statement.
    ///
    /// - Returns: nil if there are more.
    mutating func step(_ rows: inout ModelRows, now: Int64, pick: Pick) -> Outcome? {
        switch phase {
        case .lookUp:
            lookUp(rows)
            return conclusion
        case .stamp(let uids):
            rows.updateUsers {
                $0.uid == uids.first
            } _: { [stampedAt] in
                $0.replacedAt = stampedAt
            }
            stamped(rest: Array(uids.dropFirst()))
            return conclusion
        case .chooseNode:
            let nodes =
                if let spannerNode {
                    rows.nodes.filter { $0.id == spannerNode }
                } else {
                    rows.nodes.filter { $0.service == ModelRows.service && $0.takesUsers }
                }
            guard let node = pick(nodes) else { return .refused("no node") }
            phase = .raiseLoad(node)
        case .raiseLoad(let node):
            let keepsAvailable = spannerNode != nil
            rows.updateNodes {
                $0.service == ModelRows.service && $0.url == node.url
            } _: {
                $0.load += 1
                if !keepsAvailable { $0.available = max($0.available - 1, 0) }
            }
            phase = .copy(node)
        case .copy(let node):
            insert(&rows, user.generation, user.keysChangedAt, user.clientState, createdAt: now, node: node.id)
            user.url = node.url
            phase = .compare
            return compare(now: now)
        case .compare:
            return compare(now: now)
        case .findNode(let moment):
            let node = spannerNode ?? rows.nodes.first { $0.service == ModelRows.service && $0.url == user.url }?.id
            guard let node else { return .refused("the node is not of this service") }
            phase = .renew(node: node, at: moment)
        case .renew(let node, let moment):
            insert(&rows, wanted.generation, wanted.keysChangedAt, clientState, createdAt: moment, node: node)
            phase = .replaceOthers(uid: user.uid, at: moment)
        case .replaceOthers(_, let moment):
            rows.updateUsers { [owner] in
                $0.owner == owner && $0.service == ModelRows.service && $0.replacedAt == nil && $0.createdAt < moment
            } _: {
                $0.replacedAt = moment
            }
            return token
        case .putUser:
            put(&rows)
            return token
        }
        return nil
    }

    private mutating func insert(
        _ rows: inout ModelRows,
        _ generation: Int64,
        _ keysChangedAt: Int64?,
        _ clientState: String,
        createdAt: Int64,
        node: Int64
    ) {
        user.uid = rows.insert(
            email: email,
            owner: owner,
            generation: generation,
            keysChangedAt: keysChangedAt,
            clientState: clientState,
            createdAt: createdAt,
            node: node
        )
    }

    // MARK: The look-up and what follows from it

    private mutating func lookUp(_ rows: ModelRows) {
        let found = rows.newest(of: owner)
        guard let current = ModelRows.current(found) else {
            phase = .chooseNode
            return
        }
        let others = found.filter { $0.uid != current.uid }
        user = User(
            uid: current.uid,
            url: rows.node(current.node)?.url,
            generation: current.generation,
            keysChangedAt: current.keysChangedAt,
            clientState: current.clientState,
            oldStates: others.map(\.clientState).filter { $0 != current.clientState }
        )
        needsCopy = (current.replacedAt != nil || user.url == nil) && current.generation < .max
        stampedAt = current.createdAt
        stamped(rest: others.filter { $0.replacedAt == nil }.map(\.uid))
    }

    private mutating func stamped(rest: [Int64]) {
        phase = !rest.isEmpty ? .stamp(rest) : needsCopy ? .chooseNode : .compare
    }

    /// A login without a copy and without a node is one of a deleted account.
    private var conclusion: Outcome? {
        if case .compare = phase, user.url == nil { .refused("the account was deleted") } else { nil }
    }
}
