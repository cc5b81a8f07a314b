import ArgumentParser

/// How several instances of the program share one backlog.
struct ShardingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Share the backlog with other instances that run with the same n: each takes the next free of n shards by a"
                + " lock of the database. Costs n times the index reads.",
            valueName: "n"
        )
    )
    var shards: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Purge only shard i, from 0 to n-1, where such locks don't hold; auto/n takes the number at the end of the"
                + " host's name, as a StatefulSet gives it.",
            valueName: "i/n"
        )
    )
    var shard: String?

    @Flag(
        help: """
            Purge although another instance purges the same backlog. Without it, a --oneshot ends with code 1 then, and a \
            service waits.
            """
    )
    var allowOverlap = false
}
