package import Purging
import Synchronization

/// Tokenserver's database behind a ``SQLConnection``: every query of the program, once.
///
/// Pages are read on one connection and batches settled on another, so that the two overlap. A statement that found
/// the database busy is tried again a few times. Errors are thrown as ``StoreError``.
package final class TokenserverStore: BacklogSource, Sendable {
    /// The name of the one service that counts, in `services`.
    static let serviceName = "sync-1.5"
    /// Index entries that a page examines at most when it leaves some out.
    private static let mostExamined = 1000
    private static let attempts = 3

    private let reading: any SQLConnection
    fileprivate let service: Int64
    /// The bound on what pages examine, kept until the cursor has passed it.
    private let horizon = Mutex<(cutoff: Milliseconds, from: BacklogKey?, upTo: BacklogKey?)?>(nil)

    private init(reading: any SQLConnection, service: Int64) {
        self.reading = reading
        self.service = service
    }

    /// Opens the database to read only: what it returns has no way to write.
    package static func openReadOnly(_ connector: any SQLConnector) async throws -> TokenserverStore {
        try await translatingErrors {
            let connection = try await connector.connect(readOnly: true)
            let service = try await connection.withSession { try TokenserverSchema(session: $0).serviceID() }
            return TokenserverStore(reading: connection, service: service)
        }
    }

    /// Opens the database to purge.
    ///
    /// - Parameter tracksSlots: whether nodes count their free slots.
    package static func open(_ connector: any SQLConnector, tracksSlots: Bool) async throws -> any RecordStore {
        let source = try await openReadOnly(connector)
        return try await translatingErrors {
            let writing = try await connector.connect(readOnly: false)
            return WritableTokenserverStore(source: source, writing: writing, tracksSlots: tracksSlots)
        }
    }

    package func currentTime() async throws -> Milliseconds {
        try await read { session in
            let rows = try session.query("SELECT \(sql: session.dialect.currentMilliseconds)")
            return Milliseconds(try rows.first?.integer(0) ?? 0)
        }
    }

    package func nodes() async throws -> [Node] {
        try await read { [service] session in
            try session.query("SELECT id, node, downed, backoff FROM nodes WHERE service = \(service)").map { row in
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
        try await read { [service] session in
            try session.inTransaction(session.dialect.beginSnapshot) {
                let reader = PageReader(session: session, service: service, query: query)
                return try reader.page(horizon: try self.horizon(for: query, reader))
            }
        }
    }

    package func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await read { [service] session in
            try session.inTransaction(session.dialect.beginSnapshot) {
                let reader = PageReader(session: session, service: service, query: BacklogQuery(scope: scope, limit: 0))
                var entries: [BacklogEntry] = []
                for start in stride(from: 0, to: uids.count, by: 256) {
                    let some = uids[start..<min(start + 256, uids.count)].map(\.rawValue)
                    let rows = try session.query(
                        """
                        SELECT \(sql: UserColumns.list("p")) FROM users p \
                        WHERE p.uid IN \(list: some) AND p.service + 0 = \(service)
                        """
                    )
                    entries += try reader.withOthers(try rows.map { try UserColumns.record($0) }.filter(scope.contains))
                }
                return entries
            }
        }
    }

    package func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? {
        try await read { [service] session in
            let statements = BacklogStatements(service: service, scope: scope)
            let backlog = statements.backlog(select: "p.replaced_at, p.uid")
            return try session.query(
                "\(backlog)\(statements.uidFilter) ORDER BY p.replaced_at, p.uid LIMIT 1 OFFSET \(offset)"
            ).first.map { try BacklogKey($0) }
        }
    }

    package func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await read { [service] session in
            let rows = try session.query(
                """
                SELECT COUNT(*) FROM (SELECT uid FROM users WHERE nodeid = \(node.rawValue) \
                AND service + 0 = \(service) LIMIT \(limit)) AS some
                """
            )
            return Int(try rows.first?.integer(0) ?? 0)
        }
    }

    /// The place up to which a page may look, if it leaves some records out; computed anew once the cursor passed it.
    private func horizon(for query: BacklogQuery, _ reader: PageReader) throws -> BacklogKey? {
        if query.nodes == .all, !query.scope.limitsUIDs { return nil }
        let known = horizon.withLock { $0 }
        if let known, known.cutoff == query.scope.cutoff, let upTo = known.upTo, let cursor = query.cursor,
            known.from.map({ $0 <= cursor }) ?? true, cursor < upTo
        {
            return upTo
        }
        let fresh = try reader.horizon(examined: max(Self.mostExamined, query.limit))
        horizon.withLock { $0 = (query.scope.cutoff, query.cursor, fresh) }
        return fresh
    }

    private func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await Self.use(reading, body)
    }

    /// Runs the body on the connection, again if the database was busy.
    fileprivate static func use<Result: Sendable>(
        _ connection: any SQLConnection,
        _ body: @escaping @Sendable (any SQLSession) throws -> Result
    ) async throws -> Result {
        try await translatingErrors {
            var attempt = 1
            while true {
                do {
                    return try await connection.withSession(body)
                } catch SQLError.busy(let text) {
                    if attempt == attempts { throw SQLError.busy(text) }
                    attempt += 1
                }
            }
        }
    }
}

/// The same database, with the one way to change it.
private final class WritableTokenserverStore: RecordStore {
    private let source: TokenserverStore
    private let writing: any SQLConnection
    private let tracksSlots: Bool

    init(source: TokenserverStore, writing: any SQLConnection, tracksSlots: Bool) {
        self.source = source
        self.writing = writing
        self.tracksSlots = tracksSlots
    }

    func currentTime() async throws -> Milliseconds { try await source.currentTime() }

    func nodes() async throws -> [Node] { try await source.nodes() }

    func page(_ query: BacklogQuery) async throws -> BacklogPage { try await source.page(query) }

    func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry] {
        try await source.entries(uids, scope: scope)
    }

    func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey? {
        try await source.key(atOffset: offset, scope: scope)
    }

    func recordCount(naming node: NodeID, limit: Int) async throws -> Int {
        try await source.recordCount(naming: node, limit: limit)
    }

    func settle(_ batch: [Settlement], cutoff: Milliseconds) async throws -> [SettlementResult] {
        let (service, tracksSlots) = (source.service, tracksSlots)
        return try await TokenserverStore.use(writing) { session in
            try session.inTransaction(session.dialect.beginWriting) {
                try BatchSettler(session: session, service: service, tracksSlots: tracksSlots, cutoff: cutoff)
                    .settle(batch)
            }
        }
    }
}
