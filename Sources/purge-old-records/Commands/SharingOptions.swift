import ArgumentParser

/// How several of these programs share one backlog.
struct SharingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Share the backlog with others that run with the same n: each takes the next free of n shares by a lock of"
                + " the database. Costs n times the index reads.",
            valueName: "n"
        )
    )
    var shards: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Purge only share i, from 0 to n-1, where such locks don't hold; auto/n takes the number at the end of the"
                + " host's name, as a StatefulSet gives it.",
            valueName: "i/n"
        )
    )
    var shard: String?
}
