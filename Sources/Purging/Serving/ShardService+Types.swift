/// What a service of shards is told, and what its runs are.
extension ShardService {
    /// What a run of one shard is given.
    package struct Turn: Sendable {
        package let shard: Shard
        /// Whether the backlog as a whole is to be counted beside this run: once in an interval.
        package let countsBacklog: Bool
        /// What is left of the time for all runs; nil for no limit.
        package let timeLeft: Duration?
    }

    package struct Settings: Sendable {
        package var shards: [Shard]
        package var interval: Duration
        /// Does each shard once that nobody else has, and ends.
        package var isOneshot: Bool
        package var isStrict: Bool
        /// The time for all runs of a oneshot.
        package var maxRuntime: Duration?
        /// How long a oneshot goes on trying when the locks can't be had, or one of them was lost.
        package var patience = Duration.seconds(60)
        /// How often it looks for shards that became free while it has nothing to do.
        package var lookout = Duration.seconds(2)

        package init(shards: [Shard], interval: Duration, isOneshot: Bool, isStrict: Bool) {
            self.shards = shards
            self.interval = interval
            self.isOneshot = isOneshot
            self.isStrict = isStrict
        }
    }
}
