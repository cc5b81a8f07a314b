/// A row of `users`.
struct ModelUser: Equatable, Sendable {
    let uid: Int64
    let service: Int
    let email: String
    /// What the e-mail has in common with those that the database takes for the same.
    let owner: String
    var generation: Int64
    var keysChangedAt: Int64?
    var clientState: String
    var createdAt: Int64
    var replacedAt: Int64?
    var node: Int64

    /// All before the first `@`.
    var fxaUID: String { String(email.prefix { $0 != "@" }) }

    /// All behind the first `@`.
    var domain: String { String(email.drop { $0 != "@" }.dropFirst()) }

    /// The account was deleted while this row was active.
    var isMarked: Bool { generation == .max }
}

/// A row of `nodes`.
struct ModelNode: Equatable, Sendable {
    let id: Int64
    var service: Int
    var url: String
    var available: Int
    var load: Int
    var capacity: Int
    var downed = 0
    var backoff = 0

    /// Whether new users may be placed on it.
    var takesUsers: Bool { available > 0 && capacity > load && downed == 0 && backoff == 0 }
}

/// Both tables at one moment. A copy of them can be played with.
struct ModelRows: Sendable {
    /// The service that is purged; others stand in the same tables.
    static let service = 1
    static let otherService = 2

    var users: [ModelUser] = []
    var nodes: [ModelNode] = []
    var lastUID: Int64 = 0

    func user(_ uid: Int64) -> ModelUser? { users.first { $0.uid == uid } }

    func node(_ id: Int64) -> ModelNode? { nodes.first { $0.id == id } }

    /// All rows of one user in the service.
    func of(_ owner: String) -> [ModelUser] {
        users.filter { $0.owner == owner && $0.service == Self.service }
    }

    /// All rows that may be the same account's as this one: those of its user, and those whose e-mails have another
    /// domain, in a group for each user.
    func kin(of user: ModelUser) -> [[ModelUser]] {
        let owners = Set(users.filter { $0.owner == user.owner || $0.fxaUID == user.fxaUID }.map(\.owner))
        return owners.sorted().map { of($0) }.filter { !$0.isEmpty }
    }

    /// Those that may be the current row: servers of other ages may read equals in another order, or all rows.
    static func possiblyCurrent(_ family: [ModelUser]) -> [ModelUser] {
        let greatest = [current(family), family.max { ($0.generation, $0.createdAt) < ($1.generation, $1.createdAt) }]
        return family.filter { row in
            greatest.contains { $0?.generation == row.generation && $0?.createdAt == row.createdAt }
        }
    }

    /// The 20 rows that a login reads: the newest first.
    func newest(of owner: String) -> [ModelUser] { Self.newest(of(owner)) }

    private static func newest(_ family: [ModelUser]) -> [ModelUser] {
        Array(family.sorted { ($0.createdAt, $0.uid) > ($1.createdAt, $1.uid) }.prefix(20))
    }

    /// The row that a login goes on with: the greatest generation, the newest of these.
    func current(of owner: String) -> ModelUser? { Self.current(of(owner)) }

    /// The first of the greatest, as a stable sort has it.
    static func current(_ family: [ModelUser]) -> ModelUser? {
        newest(family).reduce(nil as ModelUser?) { best, row in
            guard let best else { return row }
            return (row.generation, row.createdAt) > (best.generation, best.createdAt) ? row : best
        }
    }

    mutating func updateUsers(where matches: (ModelUser) -> Bool, _ change: (inout ModelUser) -> Void) {
        for index in users.indices where matches(users[index]) {
            change(&users[index])
        }
    }

    mutating func updateNodes(where matches: (ModelNode) -> Bool, _ change: (inout ModelNode) -> Void) {
        for index in nodes.indices where matches(nodes[index]) {
            change(&nodes[index])
        }
    }

    /// `INSERT INTO users`.
    mutating func insert(
        email: String,
        owner: String,
        generation: Int64,
        keysChangedAt: Int64?,
        clientState: String,
        createdAt: Int64,
        node: Int64,
        service: Int = ModelRows.service
    ) -> Int64 {
        lastUID += 1
        users.append(
            ModelUser(
                uid: lastUID,
                service: service,
                email: email,
                owner: owner,
                generation: generation,
                keysChangedAt: keysChangedAt,
                clientState: clientState,
                createdAt: createdAt,
                replacedAt: nil,
                node: node
            )
        )
        return lastUID
    }
}
