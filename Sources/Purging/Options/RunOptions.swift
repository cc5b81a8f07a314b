/// What a run is to do, apart from the policy of single records.
package struct RunOptions: Sendable {
    package enum OnFailure: String, Sendable, CaseIterable {
        /// Move a failed record behind the others, for one grace period.
        case `defer`
        /// Leave it as it is; the next run tries it again.
        case leave
    }

    package enum Order: String, Sendable, CaseIterable {
        /// By `replaced_at`.
        case oldestFirst = "oldest-first"
        /// Those of deleted accounts first, and then the rest, each by `replaced_at`: the backlog is read twice.
        case deletedFirst = "deleted-first"
    }

    /// How long ago a record must have been replaced to be purgeable.
    package var gracePeriod = Duration.seconds(86_400)
    /// An earlier cutoff than the grace period gives: a plan's.
    package var latestCutoff: Timestamp?
    /// Records read for each page.
    package var pageSize = 10
    /// A run starts at a random place up to this far into the backlog, and wraps around.
    package var maxOffset = 0
    /// Records whose data may be deleted in a run; nil for no limit.
    package var maxRecords: Int?
    /// Deletions of service data per second; nil for no limit.
    package var maxRate: Double?
    /// A run takes nothing new after so long; nil for no limit.
    package var maxRuntime: Duration?
    /// How long a run goes on where nothing but nodes that asked for quiet, or don't answer, keeps it from its end; nil for as
    /// long as it takes.
    package var longestWait: Duration?
    package var uidsAbove: UID?
    package var uidsBelow: UID?
    /// The share of the backlog that is purged; nil for all of it.
    package var shard: Shard?
    package var onFailure = OnFailure.defer
    package var order = Order.oldestFirst
    /// The node that the configuration says is the Spanner node; it must be in `nodes`.
    package var spannerNode: NodeID?
    package var dispatcher = NodeDispatcher.Settings()
    var settler = Settler.Settings()
    /// How long requests in flight may go on after a stop was requested.
    var stopPatience = Duration.seconds(25)
    /// How long the count of the backlog beside a run may take.
    var countLimit = Duration.seconds(60)
    /// Whether the backlog is counted beside the run, always the whole of it.
    package var countsBacklog = true

    package init() {}

    package func scope(cutoff: Timestamp) -> BacklogScope {
        BacklogScope(cutoff: cutoff, uidsAbove: uidsAbove, uidsBelow: uidsBelow, shard: shard)
    }
}
