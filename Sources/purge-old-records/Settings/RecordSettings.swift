import Databases
import Purging
import SyncTokens
import TokenserverStore

/// The checked form of ``RecordOptions``, ``DatabaseOptions`` and ``LogOptions`` with the environment.
struct RecordSettings {
    /// Longer periods than some three hundred years are surely mistakes.
    static let longestSeconds: Int64 = 10_000_000_000

    let connector: any SQLConnector
    /// The option or variable that names it.
    private(set) var databaseOrigin: String
    /// How long to wait for a database that fails in mid-run.
    let databaseTimeout: Duration
    let gracePeriod: Duration
    let uidsAbove: UID?
    let uidsBelow: UID?
    let spannerNode: NodeID?
    let humanLogs: Bool
    let verbosity: Int
    /// What is odd but harmless.
    private(set) var warnings: [String] = []
    private(set) var policy = PurgePolicy()

    init(
        _ options: RecordOptions,
        _ database: DatabaseOptions,
        _ logs: LogOptions,
        environment: [String: String]
    ) throws(UsageError) {
        (connector, databaseOrigin) = try Self.connector(database, environment)
        databaseTimeout = try TimeText.duration(
            "--database-timeout",
            database.databaseTimeout,
            in: 0...Self.longestSeconds
        )
        let grace = try TimeText.duration("--grace-period", options.gracePeriod, in: .min...Self.longestSeconds)
        gracePeriod = grace < .zero ? .seconds(7 * 86_400) : grace
        (uidsAbove, uidsBelow) = try Self.range(options)
        humanLogs = logs.humanLogs || Self.isTrue(environment["SYNC_HUMAN_LOGS"])
        verbosity = logs.verbose
        spannerNode = try Self.spannerNode(environment)
        policy.forcesDownedNodes = options.force
        policy.purgesUnassigned = options.purgeUnassigned
        policy.acceptsUnaddressable = options.acceptUnaddressable
        for node in options.goneNode {
            policy.confirmedGoneNodes.insert(NodeID(try Number.whole("--gone-node", node)))
        }
        let mass = try Number.whole("--hold-mass", options.holdMass, in: 0...Int.max - 1)
        policy.mostAtAStroke = mass == 0 ? nil : mass
        for node in options.confirmMass {
            policy.confirmedMasses.insert(NodeID(try Number.whole("--confirm-mass", node)))
        }
        policy.keepsLastRecords = options.keepLastRecord
        policy.overrideNode = try Self.override(options.overrideNode)
        policy.storageTypes = try NodeTypes(options.nodeType, spannerNode: spannerNode).storageTypes
        if policy.overrideNode != nil, !options.force {
            warnings.append("--override_node has no effect without --force")
        }
        if options.nodeType.isEmpty, spannerNode == nil, let label = environment["SYNC_TOKENSERVER__NODE_TYPE"] {
            warnings.append(
                "SYNC_TOKENSERVER__NODE_TYPE=\(label.prefix(16)) is only a label for Tokenserver's telemetry;"
                    + " if the nodes really run on that, say so with --node-type"
            )
        }
    }

    /// The same database, named by another option.
    mutating func name(origin: String) { databaseOrigin = origin }

    func apply(to options: inout RunOptions) {
        options.gracePeriod = gracePeriod
        options.uidsAbove = uidsAbove
        options.uidsBelow = uidsBelow
        options.spannerNode = spannerNode
    }

    private static func connector(
        _ options: DatabaseOptions,
        _ environment: [String: String]
    ) throws(UsageError) -> (any SQLConnector, origin: String) {
        var option = options.databaseURL
        var origin = option == nil ? "SYNC_TOKENSERVER__DATABASE_URL" : "--database-url"
        if let file = options.databaseURLFile {
            if option != nil {
                throw UsageError(
                    problem: "--database-url and --database-url-file are both given",
                    remedy: "give one of them"
                )
            }
            option = try TextFile.read("--database-url-file", file, holding: "URL")
            origin = "--database-url-file \(file)"
        }
        guard let text = option ?? environment["SYNC_TOKENSERVER__DATABASE_URL"], !text.isEmpty else {
            throw UsageError(
                problem: "no database is given",
                remedy: "give --database-url or --database-url-file, or set SYNC_TOKENSERVER__DATABASE_URL"
            )
        }
        do {
            return (try Database.connector(text), origin)
        } catch {
            throw UsageError(problem: "\(error.problem) (in \(origin))", remedy: error.remedy)
        }
    }

    private static func range(_ options: RecordOptions) throws(UsageError) -> (UID?, UID?) {
        var (start, end): (Int64?, Int64?)
        if let text = options.rangeStart { start = try Number.whole("--range_start", text) }
        if let text = options.rangeEnd { end = try Number.whole("--range_end", text) }
        if let start, let end, start >= end {
            throw UsageError(
                problem: "--range_start \(start) is not below --range_end \(end)",
                remedy: "both bounds are exclusive: give a start below the end"
            )
        }
        return (start.map { UID($0) }, end.map { UID($0) })
    }

    private static func spannerNode(_ environment: [String: String]) throws(UsageError) -> NodeID? {
        guard let text = environment["SYNC_TOKENSERVER__SPANNER_NODE_ID"] else { return nil }
        guard let id = Int64(text) else {
            throw UsageError(
                problem: "SYNC_TOKENSERVER__SPANNER_NODE_ID is \(text.isEmpty ? "empty" : "not a number")",
                remedy: "set it to the id of the Spanner node in nodes, or unset it"
            )
        }
        return NodeID(id)
    }

    private static func override(_ text: String?) throws(UsageError) -> ServiceURL? {
        guard let text else { return nil }
        do {
            return try ServiceURL(text)
        } catch {
            throw UsageError(
                problem: "--override_node is not a storage node's URL: \(error)",
                remedy: "give it as in the nodes table, such as https://sync-1.example.com"
            )
        }
    }

    private static func isTrue(_ text: String?) -> Bool {
        ["1", "true", "yes", "on"].contains(text?.lowercased() ?? "")
    }
}
