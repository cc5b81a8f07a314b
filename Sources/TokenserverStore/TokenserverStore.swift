package import Purging
import Synchronization

/// Tokenserver's database, read-only, behind a ``SQLConnector``: every query of the program is written once.
///
/// A lost connection is opened anew, and a statement that found the database busy is tried again (``Resilience``).
/// Errors are thrown as ``StoreError``.
package final class TokenserverStore: BacklogSource, Sendable {
    let service: Int64
    private let connection: SteadyConnection
    private let limits: WindowLimits
    /// Whether decisions rest on what is read here.
    private let needsPrimary: Bool
    /// Whether records of one account under several e-mail domains may share data.
    private let readsKin: Bool
    /// The stretch of the backlog that the next pages are filled from.
    private let window = Mutex<BacklogWindow?>(nil)

    private init(
        connection: SteadyConnection,
        service: Int64,
        limits: WindowLimits,
        needsPrimary: Bool,
        readsKin: Bool
    ) {
        self.connection = connection
        self.service = service
        self.limits = limits
        self.needsPrimary = needsPrimary
        self.readsKin = readsKin
    }

    /// Opens the database to read only: what it returns has no way to write. A replica will do.
    package static func openReadOnly(
        _ connector: any SQLConnector,
        readsKin: Bool = true,
        resilience: Resilience = Resilience(),
        limits: WindowLimits = WindowLimits()
    ) async throws -> TokenserverStore {
        try await openReader(connector, resilience, limits, needsPrimary: false, readsKin: readsKin)
    }

    private static func openReader(
        _ connector: any SQLConnector,
        _ resilience: Resilience,
        _ limits: WindowLimits,
        needsPrimary: Bool,
        readsKin: Bool
    ) async throws -> TokenserverStore {
        // Stepping over what was deleted and is not cleaned away yet can take long, once.
        let options = ConnectionOptions(
            readOnly: true,
            statementTimeout: .seconds(120),
            needsPrimary: needsPrimary
        )
        let connection = SteadyConnection(connector, options, resilience)
        let service = try await connection.use { session, _ in
            try TokenserverSchema(session: session).serviceID()
        }
        return TokenserverStore(
            connection: connection,
            service: service,
            limits: limits,
            needsPrimary: needsPrimary,
            readsKin: readsKin
        )
    }

    /// Opens the database to purge: pages are read on one connection and batches settled on another, so that the two
    /// overlap. Both must lead to the primary: what a replica says may be old.
    ///
    /// - Parameters:
    ///   - tracksSlots: whether nodes count their free slots.
    ///   - readsKin: whether records of one account under several e-mail domains may share data.
    package static func open(
        _ connector: any SQLConnector,
        tracksSlots: Bool,
        readsKin: Bool = true,
        resilience: Resilience = Resilience(),
        limits: WindowLimits = WindowLimits()
    ) async throws -> any RecordStore {
        let source = try await openReader(connector, resilience, limits, needsPrimary: true, readsKin: readsKin)
        let options = ConnectionOptions(readOnly: false, needsPrimary: true)
        let writing = SteadyConnection(connector, options, resilience)
        try await writing.use { session, _ in
            try TokenserverSchema(session: session).checkWriting(tracksSlots: tracksSlots)
        }
        return WritableTokenserverStore(source: source, writing: writing, tracksSlots: tracksSlots)
    }

    package func currentTime() async throws -> Timestamp {
        try await read { session in
            let rows = try session.query("SELECT \(sql: session.dialect.currentMilliseconds)")
            return Timestamp(try rows.first?.integer(0) ?? 0)
        }
    }

    package func nodes() async throws -> [Node] {
        try await read { [needsPrimary] session in
            // A server that was the primary may have been replaced since.
            if needsPrimary { try session.checkPrimary() }
            return try session.query("SELECT id, node, downed, backoff FROM nodes").map {
                row in
                Node(
                    id: NodeID(try row.integer(0)),
                    url: try row.text(1),
                    isDowned: try row.integer(2) != 0,
                    isThrottled: try row.integer(3) != 0
                )
            }
        }
    }

    package func page(_ query: BacklogQuery) async throws -> BacklogPage {
        try await read { [service, readsKin] session in
            let accounts = AccountReader(session: session, service: service, readsKin: readsKin)
            return try PageReader(accounts: accounts, query: query).page(of: try self.window(for: query, session))
        }
    }

    package func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await read { [service, readsKin] session in
            try AccountReader(session: session, service: service, readsKin: readsKin).entries(uids, scope: scope)
        }
    }

    /// See ``BacklogSource/standings(_:)``.
    package func standings(_ uids: [UID]) async throws -> [UID: RecordStanding] {
        try await read { [service, needsPrimary] session in
            if needsPrimary { try session.checkPrimary() }
            return try StandingReader(session: session, service: service).standings(uids.map(\.rawValue))
        }
    }

    package func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? {
        try await read { [service] session in
            let ties = session.dialect.tieOrder
            let backlog = BacklogStatements(service: service, cutoff: scope.cutoff).purgeable(replacedAfter: nil)
            // PostgreSQL's index has the order that its places have; asked for in so many words, it would sort.
            let order = ties == .uid ? "p.replaced_at, p.uid" : "p.replaced_at"
            return try session.query(
                """
                SELECT p.replaced_at, \(sql: ties.column(of: "p")) FROM users p \
                WHERE \(backlog)\(BacklogStatements.uidFilter(scope)) \
                ORDER BY \(sql: order) LIMIT 1 OFFSET \(offset)
                """
            ).first.map { row in
                BacklogKey(
                    replacedAt: Timestamp(try row.integer(0)),
                    tiebreaker: try ties.tiebreaker(row, 1)
                )
            }
        }
    }

    package func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await read { [service] session in
            let rows = try session.query(
                """
                SELECT COUNT(*) FROM (SELECT uid FROM users WHERE nodeid = \(node.rawValue) \
                AND service + 0 = \(service) LIMIT \(limit)) AS counted
                """
            )
            return Int(try rows.first?.integer(0) ?? 0)
        }
    }

    package func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int {
        try await read { [service] session in
            let rows = try session.query(
                """
                SELECT COUNT(*) FROM (SELECT 1 FROM users u\(session.dialect.using(TokenserverSchema.backlogIndex)) \
                WHERE u.service = \(service) AND u.replaced_at = \(mass.replacedAt.rawValue) \
                AND u.nodeid = \(mass.node.rawValue) LIMIT \(limit)) AS counted
                """
            )
            return Int(try rows.first?.integer(0) ?? 0)
        }
    }

    /// The window that holds what follows the query's cursor; read anew once the cursor has passed it.
    private func window(for query: BacklogQuery, _ session: any SQLSession) throws -> BacklogWindow {
        let (cursor, cutoff, accounts) = (query.cursor, query.scope.cutoff, query.accounts)
        let known = window.withLock { $0 }
        if let known, known.accounts == accounts, known.serves(cursor, cutoff: cutoff) { return known }
        let statements = BacklogStatements(service: service, cutoff: cutoff)
        let reader = WindowReader(
            session: session,
            statements: statements,
            accounts: accounts,
            limits: limits,
            pageSize: query.limit
        )
        let continues =
            known.map { $0.accounts == accounts && $0.cutoff == cutoff && $0.upTo != nil && $0.upTo == cursor } ?? false
        var fresh = try reader.window(after: cursor, walk: continues ? known?.walk : nil)
        fresh.accounts = accounts
        window.withLock { $0 = fresh }
        return fresh
    }

    private func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await connection.use { session, _ in try body(session) }
    }
}
