/// Tokenserver's database, read-only: all that deciding needs, and all that a dry run is given.
///
/// Every method may be called from any task; calls on one store may run one after the other. They throw
/// ``StoreError``.
package protocol BacklogSource: Sendable {
    /// The database server's clock.
    func currentTime() async throws -> Timestamp

    /// All nodes, of whatever service: Tokenserver finds a record's node by its id alone.
    func nodes() async throws -> [Node]

    /// Reads a page of the backlog, each record with its user's other records, all in one read-only snapshot.
    ///
    /// It examines a bounded number of index entries, so it may return fewer records than asked for, even none, and
    /// says how far it looked.
    func page(_ query: BacklogQuery) async throws -> BacklogPage

    /// Reads records again, by uid, those that are still in scope.
    func entries(_ uids: [UID], scope: BacklogScope) async throws -> [BacklogEntry]

    /// The key of the record `offset` places into the backlog; nil if the backlog is shorter.
    func key(atOffset offset: Int, scope: BacklogScope) async throws -> BacklogKey?

    /// How many records of the service name this node, counted up to `limit`: active ones too, as a missing row that
    /// active records name is the surest sign of a half-restored table.
    func recordCount(naming node: NodeID, limit: Int) async throws -> Int

    /// How many records of this node were replaced in this millisecond, counted up to `limit`.
    func recordCount(of mass: NodeDirectory.Mass, limit: Int) async throws -> Int

    /// What stands under these uids now, in scope or not; a uid under which there is no record is missing.
    func standings(_ uids: [UID]) async throws -> [UID: RecordStanding]
}

/// Tokenserver's database with the one thing that a purge changes in it.
package protocol RecordStore: BacklogSource {
    /// Settles a batch in one transaction: it checks each record again (law 4), makes the changes, and frees the slots
    /// of deleted records on their nodes. It leaves out what others hold, and what is too old by then. A transaction that
    /// the database refuses is halved, until only the records that it refuses are left. Repeating all of it after an error
    /// is harmless, as records that were deleted are then ``SettlementResult/gone``.
    ///
    /// - Returns: one result for each settlement, in their order.
    func settle(_ batch: [Settlement], cutoff: Timestamp) async throws -> [SettlementResult]
}

/// Counts the backlog beside a run, on a connection of its own.
package protocol BacklogCounter: Sendable {
    /// - Returns: nil if `limit` ended the count.
    func count(scope: BacklogScope, limit: Duration) async throws -> BacklogSize?

    /// How many records of the backlog name each of these nodes.
    ///
    /// - Returns: nil if `limit` ended the count; a node that no record names is missing.
    func count(on nodes: [NodeID], scope: BacklogScope, limit: Duration) async throws -> [NodeID: Int]?
}

/// Why the database could not do what was asked, with what an operator needs to know. Never holds credentials.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The database can't be opened or reached.
    case unreachable(String)
    /// It can be reached, but isn't a Tokenserver's, or lacks a row that must be there.
    case notATokenserver(String)
    /// A statement failed.
    case failed(String)

    package var description: String {
        switch self {
        case .unreachable(let text), .notATokenserver(let text), .failed(let text): text
        }
    }
}
